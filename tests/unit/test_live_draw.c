/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screens of a known program against tests/golden; and what may reach a terminal. */
#include "golden.h"
#include "live_fixture.h"

#include <locale.h>

#include "live/draw.h"
#include "report/growth.h"

/* As text: the characters of the cells, lines without blanks at their ends. */
static char *text_of(const struct canvas *canvas)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	for (int row = 0; row < canvas->rows; row++) {
		int end = canvas->columns;

		while (end && canvas_cell(canvas, row, end - 1)->character == L' ')
			end--;
		for (int column = 0; column < end; column++) {
			wchar_t character = canvas_cell(canvas, row, column)->character;
			char bytes[8];

			if (!character)
				continue;
			if (character < 0x80)
				snprintf(bytes, sizeof(bytes), "%c", (char)character);
			else
				snprintf(bytes, sizeof(bytes), "%c%c%c",
					 (char)(0xe0 | character >> 12),
					 (char)(0x80 | (character >> 6 & 0x3f)),
					 (char)(0x80 | (character & 0x3f)));
			fputs(bytes, stream);
		}
		fputc('\n', stream);
	}
	fclose(stream);
	return text;
}

struct shot {
	int rows;
	int columns;
	bool utf8;
	const char *keys;
	bool has_output;
	bool has_losses;
};

static char *draw_shot(struct watched *watched, const struct shot *shot)
{
	static const char *const output[] = { "listening on port 80", "GET / 200" };
	struct canvas canvas = { 0 };
	struct view view;
	struct scene scene = {
		.growth = watched->growth,
		.view = &view,
		.tracing = "every allocation",
		.output = output,
		.output_count = 2,
	};
	char *text;

	view_begin(&view, shot->has_output);
	view.has_losses = shot->has_losses;
	watched->snapshot->losses[LOSS_LIVE] = shot->has_losses ? 17 : 0;
	view_resize(&view, shot->rows, shot->columns);
	assert_int_equal(view_update(&view, watched->growth), 0);
	for (const char *key = shot->keys; *key; key++) {
		view_key(&view, watched->growth, *key);
		assert_int_equal(view_update(&view, watched->growth), 0);
	}
	if (view.screen == SCREEN_DETAIL) {
		view.detail.time_ns = 30 * SECOND_NS;
		for (uint64_t i = 0; i < 3000; i++)
			site_detail_add(&view.detail, &(struct detail_resource){
							      .id = 0x1000 + i * 0x400,
							      .size = 1000,
							      .born_ns = i * SECOND_NS / 100,
						      });
		view.detail.is_known = true;
	}
	assert_int_equal(canvas_begin(&canvas, shot->rows, shot->columns, shot->utf8), 0);
	draw(&canvas, &scene);
	text = text_of(&canvas);
	canvas_clear(&canvas);
	view_clear(&view);
	return text;
}

static void test_screens(void **state)
{
	static const struct {
		const char *golden;
		struct shot shot;
	} shots[] = {
		{ "live_80x24.txt", { 24, 80, true, "", false, false } },
		{ "live_200x60.txt", { 60, 200, true, "", false, false } },
		{ "live_ascii.txt", { 24, 80, false, "", false, false } },
		{ "live_output.txt", { 30, 100, true, "", true, true } },
		{ "live_detail.txt", { 24, 80, true, "\n", false, false } },
		{ "live_detail_wide.txt", { 40, 160, true, "\n", false, false } },
		{ "live_help.txt", { 30, 80, true, "?", false, false } },
		{ "live_group.txt", { 24, 80, true, "G", false, false } },
		{ "live_filter.txt", { 24, 80, true, "/nobody", false, false } },
		{ "live_paused.txt", { 24, 80, true, "\t ", false, false } },
	};
	struct watched watched;

	(void)state;
	watched_begin(&watched);
	watched_run(&watched, 30);
	for (size_t i = 0; i < sizeof(shots) / sizeof(shots[0]); i++)
		check_golden(shots[i].golden, draw_shot(&watched, &shots[i].shot));
	watched_end(&watched);
}

/* Nothing is drawn past an edge, whatever the size; each line is as wide as the canvas at most. */
static void test_all_sizes(void **state)
{
	static const char *const keys[] = { "", "\n", "?", "G" };
	struct watched watched;

	(void)state;
	watched_begin(&watched);
	watched_run(&watched, 30);
	for (int rows = 1; rows < 70; rows += 3)
		for (int columns = 1; columns < 230; columns += 7)
			for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
				free(draw_shot(&watched,
					       &(struct shot){ rows, columns, true, keys[i],
							       rows % 2, columns % 2 }));
	watched_end(&watched);
}

static void test_before_the_first_sample(void **state)
{
	struct watched watched;
	char *text;

	(void)state;
	watched_begin(&watched);
	text = draw_shot(&watched, &(struct shot){ 24, 80, true, "", false, false });
	assert_non_null(strstr(text, "nothing was acquired yet"));
	assert_non_null(strstr(text, "warming up"));
	free(text);
	watched_end(&watched);
}

static const char *drawn(bool utf8, const char *text)
{
	static char line[64];
	struct canvas canvas = { 0 };
	char *all;

	assert_int_equal(canvas_begin(&canvas, 1, 12, utf8), 0);
	canvas_text(&canvas, 0, 0, 12, STYLE_NORMAL, text);
	all = text_of(&canvas);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(all, "\n"), all);
	free(all);
	canvas_clear(&canvas);
	return line;
}

static void test_hostile_text(void **state)
{
	(void)state;
	assert_string_equal(drawn(true, "plain"), "plain");
	assert_string_equal(drawn(true, "a\033[31mb"), "a?[31mb");
	assert_string_equal(drawn(true, "a\r\n\tb\177"), "a?"
							 "?"
							 "?b?");
	/* The control characters of the upper half, what turns the direction, what is no UTF-8. */
	assert_string_equal(drawn(true, "\xc2\x9b"
					"31m"),
			    "?31m");
	assert_string_equal(drawn(true, "a\xe2\x80\xae"
					"b"),
			    "a?b");
	assert_string_equal(drawn(true, "\xff\xc3(\xe2\x82"), "?"
							      "?(?"
							      "?");
	assert_string_equal(drawn(true, "\xc0\xaf"), "?");
	assert_string_equal(drawn(false, "k\xc3\xa4se"), "k?se");
	assert_string_equal(drawn(true, "too long for twelve"), "too long for");
}

static void test_words(void **state)
{
	char words[GROWTH_WORDS_BYTES];
	struct trend trend = { TREND_GROWING, TREND_LINEAR, 20000, 4800000, 240 };

	(void)state;
	assert_string_equal(growth_words(words, &trend, true),
			    "growing +1.2 MB/min for 4 min (linear)");
	trend.slope = 0.05;
	trend.course = TREND_ACCELERATING;
	assert_string_equal(growth_words(words, &trend, false),
			    "growing +3/min for 4 min (ever faster)");
	trend = (struct trend){ .shape = TREND_SHRINKING, .slope = -100e6, .since = 10 };
	assert_string_equal(growth_words(words, &trend, true),
			    "shrinking -100.0 MB/s for 10 s (linear)");
	trend = (struct trend){ .shape = TREND_STEP, .change = 8e6, .since = 40 };
	assert_string_equal(growth_words(words, &trend, true),
			    "stable for 40 s, after a step of +8.0 MB");
	trend = (struct trend){ .shape = TREND_SAWTOOTH };
	assert_string_equal(growth_words(words, &trend, true), "sawtooth");
}

static void test_verdicts(void **state)
{
	struct trend trends[FIGURE_COUNT] = { 0 };
	char words[GROWTH_WORDS_BYTES];
	struct figures figures;

	(void)state;
	for (int i = 0; i < FIGURE_COUNT; i++)
		figures.values[i] = 100;
	assert_int_equal(growth_verdict(words, trends, &figures), GROWTH_UNKNOWN);
	assert_string_equal(words, "warming up");
	for (int i = 0; i < FIGURE_COUNT; i++)
		trends[i].shape = TREND_STABLE;
	assert_int_equal(growth_verdict(words, trends, &figures), GROWTH_STABLE);
	assert_string_equal(words, "stable");
	trends[FIGURE_RSS] = (struct trend){ TREND_GROWING, TREND_LINEAR, 20000, 0, 240 };
	assert_int_equal(growth_verdict(words, trends, &figures), GROWTH_GROWING);
	assert_string_equal(words, "RSS growing +1.2 MB/min for 4 min (linear)");
	/* What the program holds explains the resident set. */
	trends[FIGURE_HEAP] = trends[FIGURE_RSS];
	trends[FIGURE_FDS] = (struct trend){ TREND_GROWING, TREND_LINEAR, 0.05, 0, 60 };
	growth_verdict(words, trends, &figures);
	assert_string_equal(words, "heap growing +1.2 MB/min for 4 min (linear); fd +3/min");
	figures.values[FIGURE_HEAP] = FIGURE_UNKNOWN;
	growth_verdict(words, trends, &figures);
	assert_string_equal(words, "fd growing +3/min for 60 s (linear)");
}

static void test_log(void **state)
{
	struct figures before, now;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < FIGURE_COUNT; i++)
		now.values[i] = before.values[i] = FIGURE_UNKNOWN;
	before.values[FIGURE_HEAP] = 145300000;
	now.values[FIGURE_HEAP] = 148100000;
	before.values[FIGURE_FDS] = now.values[FIGURE_FDS] = 12;
	before.values[FIGURE_THREADS] = 5;
	now.values[FIGURE_THREADS] = 4;
	growth_log_line(stream, 60, &now, &before);
	fclose(stream);
	assert_string_equal(text, "[  60s] heap 148.1 MB (+2.8 MB, +1.9%)  fd 12 (+0)  "
				  "threads 4 (-1)\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_screens),
		cmocka_unit_test(test_all_sizes),
		cmocka_unit_test(test_before_the_first_sample),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_log),
	};

	/* Widths of characters are the locale's. */
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
