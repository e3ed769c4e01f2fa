/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was sampled, and the rows and keys of the view over it. */
#include "live_fixture.h"

#include "live/columns.h"
#include "live/compact.h"
#include "live/timeline.h"

static int begin(void **state)
{
	static struct watched watched;

	watched_begin(&watched);
	watched_run(&watched, 30);
	*state = &watched;
	return 0;
}

static int end(void **state)
{
	watched_end(*state);
	return 0;
}

static const struct row *named(const struct view *view, const char *function)
{
	for (size_t i = 0; i < view->rows.count; i++) {
		const struct frame *frame = view->rows.rows[i].frame;

		if (frame && frame->function && !strcmp(frame->function, function))
			return &view->rows.rows[i];
	}
	return NULL;
}

static const char *name_at(const struct view *view, size_t index)
{
	assert_true(index < view->rows.count);
	return view->rows.rows[index].frame ? view->rows.rows[index].frame->function : "";
}

static void start(struct view *view, struct watched *watched)
{
	view_begin(view, false);
	view_resize(view, 24, 80);
	assert_int_equal(view_update(view, watched->growth), 0);
}

static enum view_action press(struct view *view, struct watched *watched, int key)
{
	enum view_action action = view_key(view, watched->growth, key);

	assert_int_equal(view_update(view, watched->growth), 0);
	return action;
}

static void type(struct view *view, struct watched *watched, const char *text)
{
	for (; *text; text++)
		press(view, watched, *text);
}

static void test_growth_and_order(void **state)
{
	const struct row *row;
	struct view view;

	start(&view, *state);
	/* The innermost function that is the user's own; the leak first, by what it grows. */
	assert_string_equal(name_at(&view, 0), "remember");
	row = &view.rows.rows[0];
	assert_float_equal(row->growth, 100000, 1);
	assert_float_equal(row->acquired_per_s, 100, 0.01);
	assert_float_equal(row->released_per_s, 0, 0.01);
	assert_float_equal(row->kept, 1, 0.001);
	assert_int_equal(row->live_bytes, 3000000);
	assert_int_equal(row->live_count, 3000);
	assert_int_equal(row->change, 3000000);
	row = named(&view, "format_answer");
	assert_non_null(row);
	assert_float_equal(row->growth, 0, 0.001);
	assert_float_equal(row->acquired_per_s, 500, 0.01);
	assert_float_equal(row->released_per_s, 500, 0.01);
	row = named(&view, "open_log");
	assert_non_null(row);
	assert_true(row->counts_only);
	assert_float_equal(row->growth, 1, 0.001);
	assert_int_equal(row->change, 30);
	assert_int_equal(view.rows.count, SITES);
	view_clear(&view);
}

static void test_groups(void **state)
{
	const struct row *row;
	struct view view;

	start(&view, *state);
	press(&view, *state, 'G');
	assert_int_equal(view.query.group, GROUP_FUNCTION);
	row = named(&view, "remember");
	assert_float_equal(row->growth, 110000, 1);
	assert_int_equal(row->part_count, 2);
	press(&view, *state, 'G');
	assert_int_equal(view.query.group, GROUP_MODULE);
	assert_float_equal(view.rows.rows[0].growth, 110000, 1);
	press(&view, *state, 'G');
	assert_int_equal(view.query.group, GROUP_THREAD);
	assert_non_null(named(&view, "main"));
	assert_int_equal(named(&view, "reloader")->live_bytes, 300000);
	press(&view, *state, 'G');
	assert_int_equal(view.query.group, GROUP_SITE);
	view_clear(&view);
}

static void test_filters(void **state)
{
	struct view view;

	start(&view, *state);
	press(&view, *state, '3');
	assert_int_equal(view.rows.count, 1);
	assert_string_equal(name_at(&view, 0), "open_log");
	press(&view, *state, '1');
	assert_int_equal(view.rows.count, SITES - 1);
	press(&view, *state, '0');
	assert_int_equal(view.rows.count, SITES);
	press(&view, *state, 'g');
	assert_int_equal(view.rows.count, 5);
	press(&view, *state, 'g');
	press(&view, *state, '/');
	assert_true(view.asks_filter);
	/* Keys are text now. */
	type(&view, *state, "RELOADq");
	assert_int_equal(view.rows.count, 0);
	assert_int_equal(view.rows.hidden_count, SITES);
	press(&view, *state, VIEW_KEY_BACKSPACE);
	assert_int_equal(view.rows.count, 1);
	assert_int_equal(press(&view, *state, VIEW_KEY_ENTER), VIEW_NOTHING);
	assert_false(view.asks_filter);
	assert_int_equal(view.rows.count, 1);
	press(&view, *state, VIEW_KEY_ESCAPE);
	assert_int_equal(view.rows.count, SITES);
	press(&view, *state, '/');
	type(&view, *state, "settings.c");
	assert_int_equal(view.rows.count, 1);
	press(&view, *state, VIEW_KEY_ESCAPE);
	assert_int_equal(view.rows.count, SITES);
	view_clear(&view);
}

static void test_processes(void **state)
{
	struct view view;

	start(&view, *state);
	press(&view, *state, '\t');
	assert_int_equal(view.query.process, 0);
	assert_int_equal(view.rows.count, SITES - 1);
	press(&view, *state, '\t');
	assert_int_equal(view.rows.count, 1);
	assert_string_equal(name_at(&view, 0), "take_job");
	press(&view, *state, '\t');
	assert_int_equal(view.rows.count, SITES);
	view_clear(&view);
}

static void test_sorting(void **state)
{
	struct view view;

	start(&view, *state);
	press(&view, *state, '>');
	assert_int_equal(view.query.sort, COLUMN_BYTES);
	assert_string_equal(name_at(&view, 0), "remember");
	press(&view, *state, 'R');
	assert_true(view.query.reverse);
	assert_int_equal(view.rows.rows[view.rows.count - 1].live_bytes, 3000000);
	press(&view, *state, 'I');
	assert_false(view.query.reverse);
	press(&view, *state, '<');
	press(&view, *state, '<');
	assert_int_equal(view.query.sort, COLUMN_KIND);
	/* What 80 columns have no room for is not sorted by. */
	press(&view, *state, '<');
	assert_int_equal(view.query.sort, COLUMN_NAME);
	assert_string_equal(name_at(&view, 0), "");
	assert_string_equal(name_at(&view, 1), "format_answer");
	view_clear(&view);
}

static void test_cursor_follows_its_site(void **state)
{
	uint64_t key;
	struct view view;

	start(&view, *state);
	press(&view, *state, VIEW_KEY_DOWN);
	press(&view, *state, VIEW_KEY_DOWN);
	assert_int_equal(view.cursor, 2);
	key = view_row(&view)->key;
	press(&view, *state, VIEW_KEY_SORT);
	press(&view, *state, 'R');
	/* A new order begins at its head. */
	assert_int_equal(view.cursor, 0);
	press(&view, *state, VIEW_KEY_END);
	assert_int_equal(view.cursor, SITES - 1);
	key = view_row(&view)->key;
	press(&view, *state, '/');
	type(&view, *state, "nothing");
	assert_null(view_row(&view));
	press(&view, *state, VIEW_KEY_ESCAPE);
	press(&view, *state, VIEW_KEY_HOME);
	assert_int_equal(view.cursor, 0);
	press(&view, *state, VIEW_KEY_PAGE_DOWN);
	assert_int_equal(view.cursor, SITES - 1);
	assert_int_equal(view_row(&view)->key, key);
	press(&view, *state, VIEW_KEY_WHEEL_UP);
	assert_int_equal(view.cursor, SITES - 4);
	view_clear(&view);
}

static void test_detail_and_help(void **state)
{
	struct view view;

	start(&view, *state);
	assert_int_equal(press(&view, *state, VIEW_KEY_ENTER), VIEW_FOCUS);
	assert_int_equal(view.screen, SCREEN_DETAIL);
	assert_string_equal(view_detail_row(&view)->frame->function, "remember");
	assert_int_equal(press(&view, *state, VIEW_KEY_ESCAPE), VIEW_FOCUS);
	assert_int_equal(view.screen, SCREEN_TABLE);
	assert_int_equal(press(&view, *state, '?'), VIEW_NOTHING);
	assert_int_equal(view.screen, SCREEN_HELP);
	/* q leaves the help, not the program. */
	assert_int_equal(press(&view, *state, 'q'), VIEW_NOTHING);
	assert_int_equal(view.screen, SCREEN_TABLE);
	assert_int_equal(press(&view, *state, 'q'), VIEW_QUIT);
	assert_int_equal(press(&view, *state, 's'), VIEW_SNAPSHOT);
	assert_int_equal(press(&view, *state, 'e'), VIEW_EXACT);
	assert_int_equal(press(&view, *state, 'x'), VIEW_NOTHING);
	view_clear(&view);
}

static void test_mouse(void **state)
{
	struct view view;

	start(&view, *state);
	assert_int_equal(view_click(&view, view.layout.table_row + 3, 5), VIEW_NOTHING);
	assert_int_equal(view.cursor, 2);
	assert_int_equal(view_click(&view, view.layout.table_row + 3, 5), VIEW_FOCUS);
	assert_int_equal(view.screen, SCREEN_DETAIL);
	press(&view, *state, VIEW_KEY_ESCAPE);
	/* On a heading. */
	view_click(&view, view.layout.table_row, 18);
	assert_int_equal(view.query.sort, COLUMN_BYTES);
	view_click(&view, view.layout.table_row, 18);
	assert_true(view.query.reverse);
	assert_int_equal(view_click(&view, 23, 5), VIEW_NOTHING);
	view_clear(&view);
}

static void test_mark(void **state)
{
	struct watched *watched = *state;
	struct view view;

	start(&view, watched);
	assert_int_equal(press(&view, watched, 'm'), VIEW_MARK);
	growth_mark(watched->growth);
	watched_run(watched, 5);
	view_update(&view, watched->growth);
	assert_int_equal(view.rows.rows[0].change, 500000);
	assert_int_equal(growth_history(watched->growth, NULL)->marked.values[FIGURE_HEAP],
			 3300000 + 256000 + 100 + 20 + 1500);
	assert_int_equal(press(&view, watched, 'M'), VIEW_UNMARK);
	growth_unmark(watched->growth);
	view_update(&view, watched->growth);
	assert_int_equal(view.rows.rows[0].change, 3500000);
	view_clear(&view);
}

static void test_figures(void **state)
{
	struct watched *watched = *state;
	const struct figure_history *total = growth_history(watched->growth, NULL);

	assert_int_equal(watched->growth->process_count, 2);
	assert_int_equal(total->now.values[FIGURE_FDS], 5 + 30 + 5);
	assert_float_equal(growth_figure_rate(watched->growth, total, FIGURE_HEAP), 110050, 1);
	assert_float_equal(growth_figure_rate(watched->growth, total, FIGURE_THREADS), 0, 0.001);
	assert_int_equal(total->trends[FIGURE_HEAP].shape, TREND_GROWING);
	assert_float_equal(total->trends[FIGURE_HEAP].slope, 110050, 10);
	assert_int_equal(total->trends[FIGURE_THREADS].shape, TREND_STABLE);
	assert_int_equal(total->trends[FIGURE_FDS].shape, TREND_GROWING);
	assert_float_equal(watched->growth->events_per_s, 1111, 0.1);
}

/* A day of watching takes what a minute takes. */
static void test_a_day(void **state)
{
	struct watched *watched = *state;
	const struct part *part = &watched->growth->parts[SITE_LEAK];

	watched_run(watched, 24 * 3600);
	assert_true(watched->growth->timeline.count <= TIMELINE_POINTS);
	assert_true(watched->growth->timeline.count >= TIMELINE_POINTS / 2);
	for (size_t i = 1; i < watched->growth->timeline.count; i++) {
		assert_true(watched->growth->timeline.times[i] >
			    watched->growth->timeline.times[i - 1]);
		/* The history is still what it was at that time. */
		assert_float_equal(part->history[i], watched->growth->timeline.times[i] * 100000,
				   part->history[i] * 1e-5);
	}
	assert_int_equal(growth_history(watched->growth, NULL)->trends[FIGURE_HEAP].shape,
			 TREND_GROWING);
	assert_float_equal(growth_figure_rate(watched->growth,
					      growth_history(watched->growth, NULL), FIGURE_HEAP),
			   110050, 1);
}

/* A place that another site gets starts anew. */
static void test_places_are_used_again(void **state)
{
	struct watched *watched = *state;
	struct view view;

	watched->sites[SITE_LEAK].serial = 99;
	watched->sites[SITE_LEAK].stack = watched->sites[SITE_CONSTANT].stack;
	watched_run(watched, 2);
	start(&view, watched);
	assert_true(watched->growth->parts[SITE_LEAK].serial == 99);
	assert_int_equal(named(&view, "load_settings")->part_count, 2);
	assert_int_equal(named(&view, "remember")->part_count, 1);
	watched->sites[SITE_LEAK].serial = 0;
	watched_run(watched, 1);
	view_update(&view, watched->growth);
	assert_int_equal(named(&view, "load_settings")->part_count, 1);
	view_clear(&view);
}

static void test_compact(void **state)
{
	char text[COMPACT_BYTES];

	(void)state;
	assert_string_equal(compact_number(text, 0), "0");
	assert_string_equal(compact_number(text, 0.4), "0.4");
	assert_string_equal(compact_number(text, 928), "928");
	assert_string_equal(compact_number(text, 999.7), "1.00K");
	assert_string_equal(compact_number(text, 12345), "12.3K");
	assert_string_equal(compact_number(text, 99990), "100K");
	assert_string_equal(compact_number(text, 1250000), "1.25M");
	assert_string_equal(compact_number(text, -4.0), "-4");
	assert_string_equal(compact_change(text, 4), "+4");
	assert_string_equal(compact_change(text, -12345), "-12.3K");
	assert_string_equal(compact_change(text, -0.001), "0");
	assert_string_equal(compact_time(text, 12.7), "12s");
	assert_string_equal(compact_time(text, 250), "4m10");
	assert_string_equal(compact_time(text, 11100), "3h05");
	assert_string_equal(compact_time(text, 1e6), "11d");
}

static void test_columns(void **state)
{
	struct column_place places[COLUMNS];

	(void)state;
	for (int width = 40; width < 300; width++) {
		int count = columns_place(width, places), end = 0;

		for (int i = 0; i < count; i++) {
			assert_true(places[i].start >= end);
			end = places[i].start + places[i].width;
		}
		assert_true(end <= width);
		if (width >= 80)
			assert_true(count >= 9);
	}
	assert_int_equal(columns_place(200, places), COLUMNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_growth_and_order, begin, end),
		cmocka_unit_test_setup_teardown(test_groups, begin, end),
		cmocka_unit_test_setup_teardown(test_filters, begin, end),
		cmocka_unit_test_setup_teardown(test_processes, begin, end),
		cmocka_unit_test_setup_teardown(test_sorting, begin, end),
		cmocka_unit_test_setup_teardown(test_cursor_follows_its_site, begin, end),
		cmocka_unit_test_setup_teardown(test_detail_and_help, begin, end),
		cmocka_unit_test_setup_teardown(test_mouse, begin, end),
		cmocka_unit_test_setup_teardown(test_mark, begin, end),
		cmocka_unit_test_setup_teardown(test_figures, begin, end),
		cmocka_unit_test_setup_teardown(test_a_day, begin, end),
		cmocka_unit_test_setup_teardown(test_places_are_used_again, begin, end),
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
