/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns what each key and click does. */
#include <string.h>

#include "live/columns.h"
#include "live/growth.h"
#include "live/view.h"

/* ---- moving ------------------------------------------------------------------------------ */

static enum view_action move_to(struct view *view, size_t cursor)
{
	if (cursor >= view->rows.count)
		cursor = view->rows.count ? view->rows.count - 1 : 0;
	view->cursor = cursor;
	/* On the first row the cursor stays on whatever comes first. */
	view->selected = cursor && view_row(view) ? view_row(view)->key : 0;
	view_show_cursor(view);
	return VIEW_NOTHING;
}

/* What is scrolled has no more lines than this. */
static size_t scroll_end(const struct view *view)
{
	const struct row *row = view_detail_row(view);

	if (view->screen == SCREEN_HELP)
		return key_row_count;
	return row ? row->part->frame_count : 0;
}

static enum view_action scroll_to(struct view *view, size_t line)
{
	size_t end = scroll_end(view);

	view->scroll = line < end ? line : end;
	return VIEW_NOTHING;
}

static enum view_action move_by(struct view *view, long rows)
{
	if (view->screen != SCREEN_TABLE)
		return scroll_to(view, rows < 0 && view->scroll < (size_t)-rows
					       ? 0
					       : view->scroll + (size_t)rows);
	if (rows < 0 && view->cursor < (size_t)-rows)
		return move_to(view, 0);
	return move_to(view, view->cursor + (size_t)rows);
}

static long page(const struct view *view)
{
	return view->layout.table_rows > 1 ? view->layout.table_rows - 1 : 1;
}

static enum view_action on_up(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	return move_by(view, key == VIEW_KEY_WHEEL_UP ? -3 : -1);
}

static enum view_action on_down(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	return move_by(view, key == VIEW_KEY_WHEEL_DOWN ? 3 : 1);
}

static enum view_action on_page(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	return move_by(view, key == VIEW_KEY_PAGE_UP ? -page(view) : page(view));
}

static enum view_action on_ends(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	if (view->screen == SCREEN_TABLE)
		return move_to(view, key == VIEW_KEY_HOME ? 0 : SIZE_MAX);
	return scroll_to(view, key == VIEW_KEY_HOME ? 0 : SIZE_MAX);
}

/* ---- screens ----------------------------------------------------------------------------- */

static enum view_action on_enter(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	if (view->screen != SCREEN_TABLE || !view_row(view))
		return VIEW_NOTHING;
	view->screen = SCREEN_DETAIL;
	view->scroll = 0;
	view->detail_key = view_row(view)->key;
	view->selected = view->detail_key;
	return VIEW_FOCUS;
}

static enum view_action on_back(struct view *view, const struct growth *growth, int key)
{
	bool was_detail = view->screen == SCREEN_DETAIL;

	(void)growth;
	(void)key;
	if (view->screen == SCREEN_TABLE)
		view->query.filter[0] = '\0';
	view->screen = SCREEN_TABLE;
	view->scroll = 0;
	view->detail_key = 0;
	return was_detail ? VIEW_FOCUS : VIEW_NOTHING;
}

static enum view_action on_help(struct view *view, const struct growth *growth, int key)
{
	if (view->screen == SCREEN_HELP)
		return on_back(view, growth, key);
	view->screen = SCREEN_HELP;
	view->scroll = 0;
	if (!view->detail_key)
		return VIEW_NOTHING;
	view->detail_key = 0;
	return VIEW_FOCUS;
}

static enum view_action on_quit(struct view *view, const struct growth *growth, int key)
{
	if (view->screen == SCREEN_HELP)
		return on_back(view, growth, key);
	return VIEW_QUIT;
}

/* ---- what is shown ----------------------------------------------------------------------- */

static enum view_action on_pause(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	view->is_paused = !view->is_paused;
	return VIEW_NOTHING;
}

static bool is_shown(const struct view *view, enum row_column column)
{
	struct column_place places[COLUMNS];
	int count = columns_place(view->layout.columns, places);

	for (int i = 0; i < count; i++)
		if (places[i].column == column)
			return true;
	return false;
}

static void sort_by(struct view *view, enum row_column column)
{
	view->query.reverse = view->query.sort == column && !view->query.reverse;
	view->query.sort = column;
	view->selected = 0;
}

static enum view_action on_sort(struct view *view, const struct growth *growth, int key)
{
	int step = key == '<' || key == VIEW_KEY_LEFT ? COLUMNS - 1 : 1;
	int column = view->query.sort;

	(void)growth;
	if (view->screen != SCREEN_TABLE)
		return VIEW_NOTHING;
	do
		column = (column + step) % COLUMNS;
	while (!is_shown(view, (enum row_column)column));
	view->query.reverse = false;
	view->query.sort = (enum row_column)column;
	view->selected = 0;
	return VIEW_NOTHING;
}

static enum view_action on_reverse(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	view->query.reverse = !view->query.reverse;
	view->selected = 0;
	return VIEW_NOTHING;
}

/* The first one shows that kind alone; then each adds or takes one. */
static enum view_action on_kind(struct view *view, const struct growth *growth, int key)
{
	uint32_t kind = (uint32_t)(key - '1');

	(void)growth;
	if (!view->query.hidden_kinds)
		view->query.hidden_kinds = ~(1U << kind);
	else
		view->query.hidden_kinds ^= 1U << kind;
	/* Nothing at all is of no use. */
	if (view->query.hidden_kinds == UINT32_MAX)
		view->query.hidden_kinds = 0;
	return VIEW_NOTHING;
}

static enum view_action on_all_kinds(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	view->query.hidden_kinds = 0;
	return VIEW_NOTHING;
}

static enum view_action on_growing(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	view->query.only_growing = !view->query.only_growing;
	return VIEW_NOTHING;
}

static enum view_action on_group(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	if (view->screen != SCREEN_TABLE)
		return VIEW_NOTHING;
	view->query.group = (enum row_group)((view->query.group + 1) % GROUP_COUNT);
	view->selected = 0;
	return VIEW_NOTHING;
}

static enum view_action on_process(struct view *view, const struct growth *growth, int key)
{
	size_t next = 0;

	(void)key;
	for (size_t i = 0; i < growth->process_count; i++)
		if (growth->processes[i]->process == view->query.process)
			next = i + 1;
	view->query.process = growth->process_count > 1 && next < growth->process_count
				      ? growth->processes[next]->process
				      : ALL_PROCESSES;
	return VIEW_NOTHING;
}

static enum view_action on_output(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	if (view->has_output)
		view->shows_output = !view->shows_output;
	else
		view_say(view, "no output of a command is shown here (see --output-of-command)");
	view_resize(view, view->layout.rows, view->layout.columns);
	return VIEW_NOTHING;
}

/* ---- the filter's text ------------------------------------------------------------------- */

static enum view_action on_filter(struct view *view, const struct growth *growth, int key)
{
	(void)growth;
	(void)key;
	if (view->screen != SCREEN_TABLE)
		return VIEW_NOTHING;
	view->asks_filter = true;
	memcpy(view->asked, view->query.filter, sizeof(view->asked));
	return VIEW_NOTHING;
}

static void edit_filter(struct view *view, int key)
{
	size_t length = strlen(view->asked);

	if (key == VIEW_KEY_ENTER) {
		view->asks_filter = false;
	} else if (key == VIEW_KEY_ESCAPE) {
		view->asks_filter = false;
		view->asked[0] = '\0';
	} else if (key == VIEW_KEY_BACKSPACE || key == 127 || key == 8) {
		if (length)
			view->asked[length - 1] = '\0';
	} else if (key >= ' ' && key < 127 && length + 1 < sizeof(view->asked)) {
		view->asked[length] = (char)key;
		view->asked[length + 1] = '\0';
	}
	memcpy(view->query.filter, view->asked, sizeof(view->asked));
	view->selected = 0;
}

/* ---- actions of others ------------------------------------------------------------------- */

static enum view_action on_action(struct view *view, const struct growth *growth, int key)
{
	(void)view;
	(void)growth;
	switch (key) {
	case 's':
		return VIEW_SNAPSHOT;
	case 'e':
		return VIEW_EXACT;
	case 'r':
		return VIEW_SCAN;
	case 'm':
		return VIEW_MARK;
	case 'M':
		return VIEW_UNMARK;
	default:
		return VIEW_NOTHING;
	}
}

/* ---- keys --------------------------------------------------------------------------------- */

/* As top and htop have them, where they have. */
const struct key_row key_table[] = {
	{ "Up Down k j", "move; also Page Up, Page Down, Home, End, mouse wheel" },
	{ "Enter", "the site in detail: stack, history, ages, sizes, addresses" },
	{ "Esc", "back; in the table: drop the filter" },
	{ "< > F6", "sort by the column to the left, to the right" },
	{ "R I", "reverse the order" },
	{ "1 2 3 4", "heap, mappings, descriptors, threads alone; then each on and off" },
	{ "0", "all kinds" },
	{ "/ F4", "only stacks with this text in a function, module or file" },
	{ "g", "only what grows" },
	{ "G", "group by call site, function, module, thread" },
	{ "Tab", "the next process; all of them" },
	{ "m", "mark: changes count from now; M: from the start" },
	{ "Space", "pause and go on" },
	{ "s", "write a recording of this moment" },
	{ "e", "with --events pages: exact tracing on and off" },
	{ "r", "look into memory: what is lost (a short stop)" },
	{ "o", "the command's output" },
	{ "? h F1", "this help" },
	{ "q F10", "quit, with the report" },
};

const size_t key_row_count = sizeof(key_table) / sizeof(key_table[0]);

struct key_handler {
	int key;
	enum view_action (*act)(struct view *view, const struct growth *growth, int key);
};

static const struct key_handler handlers[] = {
	{ VIEW_KEY_UP, on_up },
	{ VIEW_KEY_WHEEL_UP, on_up },
	{ 'k', on_up },
	{ VIEW_KEY_DOWN, on_down },
	{ VIEW_KEY_WHEEL_DOWN, on_down },
	{ 'j', on_down },
	{ VIEW_KEY_PAGE_UP, on_page },
	{ VIEW_KEY_PAGE_DOWN, on_page },
	{ VIEW_KEY_HOME, on_ends },
	{ VIEW_KEY_END, on_ends },
	{ VIEW_KEY_ENTER, on_enter },
	{ '\r', on_enter },
	{ VIEW_KEY_ESCAPE, on_back },
	{ VIEW_KEY_BACKSPACE, on_back },
	{ '<', on_sort },
	{ '>', on_sort },
	{ VIEW_KEY_LEFT, on_sort },
	{ VIEW_KEY_RIGHT, on_sort },
	{ VIEW_KEY_SORT, on_sort },
	{ 'R', on_reverse },
	{ 'I', on_reverse },
	{ '1', on_kind },
	{ '2', on_kind },
	{ '3', on_kind },
	{ '4', on_kind },
	{ '0', on_all_kinds },
	{ '/', on_filter },
	{ VIEW_KEY_FILTER, on_filter },
	{ 'g', on_growing },
	{ 'G', on_group },
	{ '\t', on_process },
	{ ' ', on_pause },
	{ 'm', on_action },
	{ 'M', on_action },
	{ 's', on_action },
	{ 'e', on_action },
	{ 'r', on_action },
	{ 'o', on_output },
	{ '?', on_help },
	{ 'h', on_help },
	{ VIEW_KEY_HELP, on_help },
	{ 'q', on_quit },
	{ VIEW_KEY_QUIT, on_quit },
};

enum view_action view_key(struct view *view, const struct growth *growth, int key)
{
	view->message[0] = '\0';
	if (view->asks_filter) {
		edit_filter(view, key);
		return VIEW_NOTHING;
	}
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].key == key)
			return handlers[i].act(view, growth, key);
	return VIEW_NOTHING;
}

enum view_action view_click(struct view *view, int row, int column)
{
	struct column_place places[COLUMNS];
	int count = columns_place(view->layout.columns, places);
	size_t index;

	if (view->screen != SCREEN_TABLE)
		return VIEW_NOTHING;
	for (int i = 0; i < count && row == view->layout.table_row; i++)
		if (column >= places[i].start && column <= places[i].start + places[i].width)
			sort_by(view, places[i].column);
	if (row <= view->layout.table_row || row > view->layout.table_row + view->layout.table_rows)
		return VIEW_NOTHING;
	index = view->top + (size_t)(row - view->layout.table_row - 1);
	if (index >= view->rows.count)
		return VIEW_NOTHING;
	if (index == view->cursor && view->selected == view->rows.rows[index].key)
		return on_enter(view, NULL, VIEW_KEY_ENTER);
	move_to(view, index);
	view->selected = view->rows.rows[index].key;
	return VIEW_NOTHING;
}
