/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the statistics. Knows neither what is measured nor how it is said. */
#include "analyze/trend.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define POINTS_MIN 8
/* Two-sided, for a probability of 1 in 100 that there is no trend. */
#define SIGNIFICANT_Z 2.576
/* A single rise that makes up such a part of the whole is a step. */
#define STEP_PART 0.7
/* What the last third changes by, at most, when the rest has come to a halt. */
#define HALT_PART 0.1
/* A reversal counts when it goes back over such a part of the range. */
#define TOOTH_PART 0.3
#define TEETH_MIN 2
/* Shorter ones, on average, are noise. */
#define TOOTH_POINTS 5
/* What has come and may go again is no step yet. */
#define STEP_POINTS 3
/* Troughs that rise by such a part of the teeth's height are growth. */
#define TROUGHS_PART 0.5
#define COURSE_RATIO 1.6
/* The present course begins where so little of the change was done. */
#define BEGIN_PART 0.03

struct points {
	double times[TREND_POINTS_MAX];
	double values[TREND_POINTS_MAX];
	size_t count;
};

static void choose(struct points *points, const double *times, const double *values, size_t count)
{
	points->count = count < TREND_POINTS_MAX ? count : TREND_POINTS_MAX;
	for (size_t i = 0; i < points->count; i++) {
		size_t from = points->count < 2 ? 0 : i * (count - 1) / (points->count - 1);

		points->times[i] = times[from];
		points->values[i] = values[from];
	}
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
	if (!count)
		return 0;
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Theil-Sen, of the points from `first` on, `count` of them. */
static double slope_of(const struct points *points, size_t first, size_t count)
{
	static const size_t pairs_max = TREND_POINTS_MAX * (TREND_POINTS_MAX - 1) / 2;
	double slopes[TREND_POINTS_MAX * (TREND_POINTS_MAX - 1) / 2];
	size_t pairs = 0;

	for (size_t i = first; i < first + count; i++) {
		for (size_t j = i + 1; j < first + count && pairs < pairs_max; j++) {
			double time = points->times[j] - points->times[i];

			if (time > 0)
				slopes[pairs++] = (points->values[j] - points->values[i]) / time;
		}
	}
	return median(slopes, pairs);
}

/* Mann-Kendall: is there a trend at all? Variance corrected for equal values. */
static bool has_trend(const struct points *points)
{
	double n = (double)points->count, score = 0, variance, sorted[TREND_POINTS_MAX] = { 0 };

	for (size_t i = 0; i < points->count; i++) {
		sorted[i] = points->values[i];
		for (size_t j = i + 1; j < points->count; j++)
			score += (points->values[j] > points->values[i]) -
				 (points->values[j] < points->values[i]);
	}
	variance = n * (n - 1) * (2 * n + 5);
	qsort(sorted, points->count, sizeof(*sorted), compare);
	for (size_t i = 0, ties; i < points->count; i += ties) {
		for (ties = 1; i + ties < points->count && sorted[i + ties] == sorted[i];)
			ties++;
		variance -= (double)ties * ((double)ties - 1) * (2 * (double)ties + 5);
	}
	variance /= 18;
	if (variance <= 0 || score == 0)
		return false;
	return (fabs(score) - 1) / sqrt(variance) > SIGNIFICANT_Z;
}

static double time_between(const struct points *points, size_t first, size_t last)
{
	return points->times[last] - points->times[first];
}

/* ---- shapes ------------------------------------------------------------------------ */

/*
 * The troughs between reversals that go over `height` or more: where a tooth ended and
 * the next begins. Returns how many falls of that height there were.
 */
static size_t find_troughs(const struct points *points, double height, struct points *troughs)
{
	size_t top = 0, bottom = 0, falls = 0;
	bool falling = false;

	troughs->count = 0;
	for (size_t i = 1; i < points->count; i++) {
		double value = points->values[i];

		if (value > points->values[top])
			top = i;
		if (value < points->values[bottom])
			bottom = i;
		if (!falling && points->values[top] - value >= height) {
			falling = true;
			falls++;
			bottom = i;
		} else if (falling && value - points->values[bottom] >= height) {
			falling = false;
			troughs->times[troughs->count] = points->times[bottom];
			troughs->values[troughs->count++] = points->values[bottom];
			top = i;
		}
		if (!falling)
			bottom = i;
	}
	if (falling) {
		troughs->times[troughs->count] = points->times[bottom];
		troughs->values[troughs->count++] = points->values[bottom];
	}
	return falls;
}

static double range_of(const struct points *points)
{
	double low = points->values[0], high = points->values[0];

	for (size_t i = 1; i < points->count; i++) {
		low = fmin(low, points->values[i]);
		high = fmax(high, points->values[i]);
	}
	return high - low;
}

/* The largest change from one point to the next; `*at` is the later one. */
static double largest_step(const struct points *points, size_t *at)
{
	double largest = 0;

	*at = 0;
	for (size_t i = 1; i < points->count; i++) {
		double step = points->values[i] - points->values[i - 1];

		if (fabs(step) > fabs(largest)) {
			largest = step;
			*at = i;
		}
	}
	return largest;
}

/* Growth that teeth hide: by the lowest points alone. */
static bool is_sawtooth(const struct points *points, double enough, struct trend *trend)
{
	double range = range_of(points), rise;
	struct points troughs;
	size_t teeth = find_troughs(points, range * TOOTH_PART, &troughs);

	if (teeth < TEETH_MIN || teeth * TOOTH_POINTS > points->count)
		return false;
	trend->shape = TREND_SAWTOOTH;
	trend->since = time_between(points, 0, points->count - 1);
	if (troughs.count < 3)
		return true;
	trend->slope = slope_of(&troughs, 0, troughs.count);
	rise = trend->slope * trend->since;
	trend->change = rise;
	if (fabs(rise) < fmax(enough, range * TROUGHS_PART))
		trend->slope = 0;
	else
		trend->shape = rise > 0 ? TREND_GROWING : TREND_SHRINKING;
	return true;
}

/* Came to a halt: nothing to speak of since some point, a third of the time or longer ago. */
static bool has_halted(const struct points *points, double enough, struct trend *trend)
{
	size_t last = points->count - 1, first = points->count * 2 / 3, at;
	double range = range_of(points), end = points->values[last], step;
	double calm = fmax(enough / 2, range * HALT_PART);

	step = largest_step(points, &at);
	if (fabs(step) < range * STEP_PART) {
		for (at = last; at > 0 && fabs(points->values[at - 1] - end) <= calm;)
			at--;
		if (at > first)
			return false;
		trend->shape = TREND_PLATEAU;
	} else {
		if (last - at + 1 < STEP_POINTS)
			return false;
		for (size_t i = at; i <= last; i++)
			if (fabs(points->values[i] - end) > calm)
				return false;
		trend->shape = TREND_STEP;
	}
	trend->change = end - points->values[0];
	trend->since = time_between(points, at, last);
	return true;
}

static enum trend_course course_of(const struct points *points)
{
	size_t half = points->count / 2;
	double early = slope_of(points, 0, half);
	double late = slope_of(points, points->count - half, half);

	if (late * early <= 0 || fabs(late) > fabs(early) * COURSE_RATIO)
		return fabs(late) > fabs(early) ? TREND_ACCELERATING : TREND_SLOWING;
	return fabs(early) > fabs(late) * COURSE_RATIO ? TREND_SLOWING : TREND_LINEAR;
}

static void describe_growth(const struct points *points, struct trend *trend)
{
	size_t last = points->count - 1, begin = 0;
	double total = points->values[last] - points->values[0];

	while (begin < last &&
	       fabs(points->values[begin + 1] - points->values[0]) < fabs(total) * BEGIN_PART)
		begin++;
	trend->shape = trend->slope > 0 ? TREND_GROWING : TREND_SHRINKING;
	trend->since = time_between(points, begin, last);
	trend->change = total;
	if (points->count - begin < POINTS_MIN) {
		trend->course = TREND_LINEAR;
		return;
	}
	/* What was before it began is no part of its course. */
	if (begin) {
		struct points since;

		choose(&since, points->times + begin, points->values + begin,
		       points->count - begin);
		trend->slope = slope_of(&since, 0, since.count);
		trend->course = course_of(&since);
		return;
	}
	trend->course = course_of(points);
}

struct trend trend_of(const double *times, const double *values, size_t count,
		      const struct trend_limits *limits)
{
	struct trend trend = { .shape = TREND_WARMING_UP };
	double sorted[TREND_POINTS_MAX], enough, duration;
	struct points points;

	choose(&points, times, values, count);
	duration = points.count ? time_between(&points, 0, points.count - 1) : 0;
	trend.since = duration;
	if (points.count < POINTS_MIN || duration < limits->warm_up)
		return trend;
	for (size_t i = 0; i < points.count; i++)
		sorted[i] = fabs(points.values[i]);
	enough = fmax(limits->min_change, median(sorted, points.count) * limits->min_part);
	trend.shape = TREND_STABLE;
	if (range_of(&points) < enough)
		return trend;
	if (is_sawtooth(&points, enough, &trend) || has_halted(&points, enough, &trend))
		return trend;
	trend.slope = slope_of(&points, 0, points.count);
	if (has_trend(&points) && fabs(trend.slope) * duration >= enough / 2)
		describe_growth(&points, &trend);
	else
		trend.slope = 0;
	return trend;
}
