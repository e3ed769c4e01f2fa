/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of call sites. */
#include <stdio.h>
#include <string.h>

#include "analyze/own_frame.h"
#include "live/columns.h"
#include "live/compact.h"
#include "live/draw.h"
#include "model/snapshot.h"

#define NAME_BYTES 1024

/* "function  file.c:50", or where it is when it has no name. */
static const char *name_of(char buffer[NAME_BYTES], const struct row *row, enum row_group group)
{
	const struct frame *frame = row->frame;
	const char *file = frame && frame->file ? module_name(frame->file) : NULL;

	if (!frame)
		return "(no stack)";
	if (group == GROUP_MODULE)
		return module_name(frame->module);
	if (!frame->function)
		snprintf(buffer, NAME_BYTES, "%s+0x%llx", module_name(frame->module),
			 (unsigned long long)frame->offset);
	else if (group == GROUP_SITE && file)
		snprintf(buffer, NAME_BYTES, "%.900s  %.90s:%u", frame->function, file,
			 frame->line);
	else
		return frame->function;
	return buffer;
}

/* A bytes column of a kind without bytes is empty. */
static const char *cell_of(char buffer[NAME_BYTES], const struct scene *scene,
			   const struct row *row, enum row_column column)
{
	const struct growth *growth = scene->growth;
	const struct kind_info *kind = &growth->snapshot->kinds[row->kind];

	switch (column) {
	case COLUMN_KIND:
		return kind->name;
	case COLUMN_GROWTH:
		return compact_change(buffer, row->growth);
	case COLUMN_BYTES:
		return row->counts_only ? "" : compact_number(buffer, (double)row->live_bytes);
	case COLUMN_COUNT:
		return compact_number(buffer, (double)row->live_count);
	case COLUMN_CHANGE:
		return compact_change(buffer, (double)row->change);
	case COLUMN_ACQUIRED:
		return compact_number(buffer, row->acquired_per_s);
	case COLUMN_RELEASED:
		return compact_number(buffer, row->released_per_s);
	case COLUMN_KEPT:
		snprintf(buffer, COMPACT_BYTES, "%.0f%%", row->kept * 100);
		return buffer;
	case COLUMN_AGE:
		return row->oldest_ns
			       ? compact_time(buffer,
					      (double)(growth->time_ns - row->oldest_ns) / 1e9)
			       : "-";
	case COLUMN_NAME:
		return name_of(buffer, row, scene->view->query.group);
	case COLUMN_MODULE:
		return row->frame ? module_name(row->frame->module) : "";
	case COLUMNS:
		break;
	}
	return "";
}

static void draw_headings(struct canvas *canvas, const struct scene *scene,
			  const struct column_place *places, int count)
{
	const struct row_query *query = &scene->view->query;
	int row = scene->view->layout.table_row;

	canvas_style(canvas, row, 0, canvas->columns, STYLE_BAR);
	for (int i = 0; i < count; i++) {
		const struct column_place *place = &places[i];
		const struct column_info *info = &column_table[place->column];
		enum style style = query->sort == place->column ? STYLE_SORTED : STYLE_BAR;
		const char *title = place->column == COLUMN_NAME && query->group != GROUP_SITE
					    ? row_group_name(query->group)
					    : info->title;

		if (info->is_text)
			canvas_text(canvas, row, place->start, place->width, style, title);
		else
			canvas_right(canvas, row, place->start, place->width, style, title);
	}
}

static void draw_row(struct canvas *canvas, const struct scene *scene, int line,
		     const struct row *row, const struct column_place *places, int count)
{
	char buffer[NAME_BYTES];

	for (int i = 0; i < count; i++) {
		const struct column_place *place = &places[i];
		const char *text = cell_of(buffer, scene, row, place->column);
		enum style style = place->column == COLUMN_GROWTH && row->growth > 0 ? STYLE_WARNING
										     : STYLE_NORMAL;

		if (column_table[place->column].is_text)
			canvas_text(canvas, line, place->start, place->width, style, text);
		else
			canvas_right(canvas, line, place->start, place->width, style, text);
	}
}

/* What is left out, so that an empty table is no riddle. */
static void draw_nothing(struct canvas *canvas, const struct scene *scene)
{
	const struct view *view = scene->view;
	int row = view->layout.table_row + 1;

	if (view->rows.hidden_count)
		canvas_printf(canvas, row, 0, canvas->columns, STYLE_DIM,
			      "%zu call sites do not pass the filters%s%s%s (Esc, g, 0, Tab)",
			      view->rows.hidden_count, view->query.filter[0] ? " '" : "",
			      view->query.filter, view->query.filter[0] ? "'" : "");
	else
		canvas_text(canvas, row, 0, canvas->columns, STYLE_DIM, "nothing was acquired yet");
}

void draw_table(struct canvas *canvas, const struct scene *scene)
{
	const struct view *view = scene->view;
	const struct layout *layout = &view->layout;
	struct column_place places[COLUMNS];
	int count = columns_place(canvas->columns, places);

	draw_headings(canvas, scene, places, count);
	if (!view->rows.count)
		draw_nothing(canvas, scene);
	for (int i = 0; i < layout->table_rows; i++) {
		size_t index = view->top + (size_t)i;
		int line = layout->table_row + 1 + i;

		if (index >= view->rows.count)
			break;
		draw_row(canvas, scene, line, &view->rows.rows[index], places, count);
		if (index == view->cursor)
			canvas_style(canvas, line, 0, canvas->columns, STYLE_SELECTED);
	}
}
