/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head: who is watched, the verdict, what tracing costs, losses, figures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "live/compact.h"
#include "live/draw.h"
#include "model/snapshot.h"
#include "report/growth.h"

static const struct watched_process *shown_process(const struct scene *scene)
{
	const struct growth *growth = scene->growth;

	if (growth->process_count == 1)
		return growth->processes[0];
	for (size_t i = 0; i < growth->process_count; i++)
		if (growth->processes[i]->process == scene->view->query.process)
			return growth->processes[i];
	return NULL;
}

static void draw_names(struct canvas *canvas, const struct scene *scene)
{
	const struct growth *growth = scene->growth;
	const struct watched_process *process = shown_process(scene);
	char up[COMPACT_BYTES], watched[COMPACT_BYTES], mark[COMPACT_BYTES];
	double seconds = (double)growth->time_ns / 1e9;
	int columns = canvas->columns, at;

	draw_title(canvas, "");
	at = canvas_text(canvas, 0, 0, columns, STYLE_BAR, "leaktrace  ");
	if (process)
		at = canvas_printf(
			canvas, 0, at, columns - at, STYLE_BAR, "%s[%u]  up %s",
			process->comm ? process->comm : "?", process->pid,
			compact_time(up, (double)(growth->boot_ns - process->started_ns) / 1e9));
	else
		at = canvas_printf(canvas, 0, at, columns - at, STYLE_BAR, "%zu processes",
				   growth->process_count);
	at = canvas_printf(canvas, 0, at, columns - at, STYLE_BAR, "  watched %s",
			   compact_time(watched, seconds));
	if (growth->mark_ns)
		at = canvas_printf(canvas, 0, at, columns - at, STYLE_BAR, "  marked %s ago",
				   compact_time(mark, seconds - (double)growth->mark_ns / 1e9));
	if (scene->view->is_paused)
		canvas_text(canvas, 0, at + 2, columns - at - 2, STYLE_SORTED, "PAUSED");
}

static void draw_verdict(struct canvas *canvas, const struct scene *scene)
{
	static const enum style styles[] = {
		[GROWTH_UNKNOWN] = STYLE_DIM,
		[GROWTH_STABLE] = STYLE_GOOD,
		[GROWTH_SAWTOOTH] = STYLE_GOOD,
		[GROWTH_GROWING] = STYLE_WARNING,
	};
	const struct figure_history *history = growth_history(scene->growth, shown_process(scene));
	char words[GROWTH_WORDS_BYTES];
	enum growth_mood mood = growth_verdict(words, history->trends, &history->now);

	canvas_text(canvas, 1, 0, canvas->columns, styles[mood], words);
}

static void draw_cost(struct canvas *canvas, const struct scene *scene)
{
	const struct growth *growth = scene->growth;
	char number[COMPACT_BYTES];
	int at;

	at = canvas_printf(canvas, 2, 0, canvas->columns, STYLE_DIM, "tracing %s: %s events/s",
			   scene->tracing, compact_number(number, growth->events_per_s));
	if (growth->tracing_share >= 0)
		canvas_printf(canvas, 2, at, canvas->columns - at, STYLE_DIM,
			      ", about %.1f%% of a CPU", growth->tracing_share * 100);
}

/* In a line of its own, since nothing below it can be trusted blindly. */
static void draw_losses(struct canvas *canvas, const struct scene *scene)
{
	const uint64_t *losses = scene->growth->snapshot->losses;
	int row = scene->view->layout.losses_row, at;

	if (row < 0)
		return;
	canvas_style(canvas, row, 0, canvas->columns, STYLE_ALARM);
	at = canvas_text(canvas, row, 0, canvas->columns, STYLE_ALARM, "LOST ");
	for (int i = 0; i < LOSS_COUNT; i++)
		if (loss_table[i].spoils && losses[i])
			at = canvas_printf(canvas, row, at, canvas->columns - at, STYLE_ALARM,
					   " %llu %s;", (unsigned long long)losses[i],
					   loss_table[i].text);
}

/* ---- figures ------------------------------------------------------------------------------- */

/* Order: the columns of the screen, downwards. */
#define NAME_COLUMNS 8
#define VALUE_COLUMNS 7
#define RATE_COLUMNS 9
#define CHANGE_COLUMNS 8
#define GRAPH_START (NAME_COLUMNS + VALUE_COLUMNS + RATE_COLUMNS + CHANGE_COLUMNS + 1)

static void draw_headings(struct canvas *canvas, int row, int column)
{
	canvas_right(canvas, row, column + NAME_COLUMNS, VALUE_COLUMNS, STYLE_DIM, "now");
	canvas_right(canvas, row, column + NAME_COLUMNS + VALUE_COLUMNS, RATE_COLUMNS, STYLE_DIM,
		     "per s");
	canvas_right(canvas, row, column + NAME_COLUMNS + VALUE_COLUMNS + RATE_COLUMNS,
		     CHANGE_COLUMNS, STYLE_DIM, "change");
}

static void draw_sparkline(struct canvas *canvas, int row, int column, int width,
			   const struct figure_history *history, const struct timeline *timeline,
			   enum figure figure)
{
	const float *values = history->values[figure] + history->begin[figure];
	size_t count = timeline->count > history->begin[figure]
			       ? timeline->count - history->begin[figure]
			       : 0;
	double low, high;

	if (!count || width < 1)
		return;
	low = high = (double)values[0];
	for (size_t i = 1; i < count; i++) {
		low = fmin(low, (double)values[i]);
		high = fmax(high, (double)values[i]);
	}
	/* What hardly moves is drawn flat: a graph of nothing but noise alarms for nothing. */
	if (high - low < high * 0.02)
		high = low + high * 0.02;
	canvas_graph(canvas, row, 1, column, width, values, count, low, high);
}

static void draw_figure(struct canvas *canvas, const struct scene *scene, int row, int column,
			int width, enum figure figure)
{
	const struct growth *growth = scene->growth;
	const struct figure_history *history = growth_history(growth, shown_process(scene));
	int64_t now = history->now.values[figure], marked = history->marked.values[figure];
	double rate = growth_figure_rate(growth, history, figure);
	bool grows = history->trends[figure].shape == TREND_GROWING;
	char text[COMPACT_BYTES];
	int at = column;

	canvas_text(canvas, row, at, NAME_COLUMNS, STYLE_BOLD, figure_table[figure].name);
	at += NAME_COLUMNS;
	if (now == FIGURE_UNKNOWN) {
		canvas_right(canvas, row, at, VALUE_COLUMNS, STYLE_DIM, "-");
		return;
	}
	canvas_right(canvas, row, at, VALUE_COLUMNS, STYLE_NORMAL,
		     compact_number(text, (double)now));
	at += VALUE_COLUMNS;
	canvas_right(canvas, row, at, RATE_COLUMNS, grows ? STYLE_WARNING : STYLE_NORMAL,
		     compact_change(text, rate));
	at += RATE_COLUMNS;
	canvas_right(canvas, row, at, CHANGE_COLUMNS, STYLE_NORMAL,
		     marked == FIGURE_UNKNOWN ? "-" : compact_change(text, (double)(now - marked)));
	draw_sparkline(canvas, row, column + GRAPH_START, width - GRAPH_START - 1, history,
		       &growth->timeline, figure);
}

void draw_head(struct canvas *canvas, const struct scene *scene)
{
	const struct layout *layout = &scene->view->layout;
	const struct figures *total = &scene->growth->total.now;
	bool by_pages = total->values[FIGURE_HEAP] == FIGURE_UNKNOWN &&
			total->values[FIGURE_PAGES] != FIGURE_UNKNOWN;
	int width = canvas->columns / 2;

	draw_names(canvas, scene);
	draw_verdict(canvas, scene);
	draw_cost(canvas, scene);
	draw_losses(canvas, scene);
	if (!layout->figure_rows)
		return;
	draw_headings(canvas, layout->figures_row, 0);
	draw_headings(canvas, layout->figures_row, width);
	for (int i = 0; i < FIGURE_PAGES; i++)
		draw_figure(canvas, scene, layout->figures_row + 1 + i % layout->figure_rows,
			    i / layout->figure_rows * width, width,
			    i == FIGURE_HEAP && by_pages ? FIGURE_PAGES : (enum figure)i);
}
