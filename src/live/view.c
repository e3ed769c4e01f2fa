/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the state of the view between keys and samples. */
#include "live/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "live/growth.h"

void view_begin(struct view *view, bool has_output)
{
	*view = (struct view){
		.query = { .sort = COLUMN_GROWTH, .process = ALL_PROCESSES },
		.has_output = has_output,
		.shows_output = has_output,
	};
	view_resize(view, 24, 80);
}

void view_clear(struct view *view)
{
	rows_clear(&view->rows);
}

void view_say(struct view *view, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(view->message, sizeof(view->message), format, arguments);
	va_end(arguments);
}

void view_show_cursor(struct view *view)
{
	size_t shown = view->layout.table_rows > 0 ? (size_t)view->layout.table_rows : 1;

	if (view->cursor < view->top)
		view->top = view->cursor;
	if (view->cursor >= view->top + shown)
		view->top = view->cursor - shown + 1;
	if (view->top && view->top + shown > view->rows.count)
		view->top = view->rows.count > shown ? view->rows.count - shown : 0;
}

void view_resize(struct view *view, int rows, int columns)
{
	view->layout = layout_of(rows, columns, view->has_losses, view->shows_output);
	view_show_cursor(view);
}

static void find_selected(struct view *view)
{
	if (view->selected) {
		for (size_t i = 0; i < view->rows.count; i++) {
			if (view->rows.rows[i].key != view->selected)
				continue;
			view->cursor = i;
			return;
		}
	} else {
		view->cursor = 0;
	}
	if (view->cursor >= view->rows.count)
		view->cursor = view->rows.count ? view->rows.count - 1 : 0;
}

int view_update(struct view *view, const struct growth *growth)
{
	bool lives = view->query.process == ALL_PROCESSES;
	int error;

	for (size_t i = 0; i < growth->process_count; i++)
		lives |= growth->processes[i]->process == view->query.process;
	if (!lives)
		view->query.process = ALL_PROCESSES;
	error = rows_make(&view->rows, growth, &view->query);
	find_selected(view);
	view_show_cursor(view);
	return error;
}

const struct row *view_row(const struct view *view)
{
	return view->cursor < view->rows.count ? &view->rows.rows[view->cursor] : NULL;
}

const struct row *view_detail_row(const struct view *view)
{
	for (size_t i = 0; i < view->rows.count; i++)
		if (view->rows.rows[i].key == view->detail_key)
			return &view->rows.rows[i];
	return NULL;
}
