/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/figure_history.h"

/* Changes that no user would call growth. */
static const struct trend_limits byte_limits = { WINDOW_SECONDS, 256 << 10, 0.01 };
static const struct trend_limits count_limits = { WINDOW_SECONDS, 3, 0.02 };

void figures_sum(struct figures *sum, const struct figures *figures)
{
	for (int i = 0; i < FIGURE_COUNT; i++) {
		if (figures->values[i] == FIGURE_UNKNOWN)
			continue;
		if (sum->values[i] == FIGURE_UNKNOWN)
			sum->values[i] = 0;
		sum->values[i] += figures->values[i];
	}
}

void figure_history_begin(struct figure_history *history)
{
	for (int i = 0; i < FIGURE_COUNT; i++) {
		history->now.values[i] = FIGURE_UNKNOWN;
		history->first.values[i] = FIGURE_UNKNOWN;
		history->marked.values[i] = FIGURE_UNKNOWN;
		for (int j = 0; j < WINDOW_POINTS; j++)
			history->window[j].values[i] = FIGURE_UNKNOWN;
	}
}

static void judge(struct figure_history *history, const struct timeline *timeline,
		  enum figure figure)
{
	const struct trend_limits *limits =
		figure_table[figure].has_bytes ? &byte_limits : &count_limits;
	size_t begin = history->begin[figure], count = timeline->count - begin;
	double values[TIMELINE_POINTS];

	for (size_t i = 0; i < count; i++)
		values[i] = history->values[figure][begin + i];
	history->trends[figure] = trend_of(timeline->times + begin, values, count, limits);
}

static void add_value(struct figure_history *history, const struct timeline *timeline,
		      enum figure figure, int64_t value, enum timeline_change change)
{
	size_t last = timeline->count - 1;

	history->now.values[figure] = value;
	if (change == TIMELINE_HALVES) {
		timeline_halve(history->values[figure]);
		history->begin[figure] = (history->begin[figure] + 1) / 2;
	}
	if (value == FIGURE_UNKNOWN) {
		history->has_begun[figure] = false;
		return;
	}
	if (!history->has_begun[figure]) {
		history->has_begun[figure] = true;
		history->first.values[figure] = value;
		history->marked.values[figure] = value;
		history->begin[figure] = change == TIMELINE_SKIPS ? last + 1 : last;
	}
	if (change == TIMELINE_SKIPS)
		return;
	history->values[figure][last] = (float)value;
	judge(history, timeline, figure);
}

void figure_history_add(struct figure_history *history, const struct growth *growth,
			const struct figures *figures, enum timeline_change change,
			bool window_moves)
{
	for (int i = 0; i < FIGURE_COUNT; i++)
		add_value(history, &growth->timeline, (enum figure)i, figures->values[i], change);
	if (window_moves)
		history->window[(growth->window_count + WINDOW_POINTS - 1) % WINDOW_POINTS] =
			*figures;
}

double growth_figure_rate(const struct growth *growth, const struct figure_history *history,
			  enum figure figure)
{
	int64_t now = history->now.values[figure], then;
	uint64_t first =
		growth->window_count > WINDOW_POINTS ? growth->window_count - WINDOW_POINTS : 0;
	double time = (double)growth->time_ns / 1e9;

	for (uint64_t i = first; i < growth->window_count; i++) {
		double seconds = time - growth->window_times[i % WINDOW_POINTS];

		then = history->window[i % WINDOW_POINTS].values[figure];
		if (seconds <= 0 || seconds >= WINDOW_SECONDS * 1.05 || then == FIGURE_UNKNOWN ||
		    now == FIGURE_UNKNOWN)
			continue;
		return (double)(now - then) / seconds;
	}
	return 0;
}
