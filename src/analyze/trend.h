/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a series of measurements does over time, judged by all its points and not by
 * the first and the last: a robust slope (the median of all pairs' slopes; Theil 1950,
 * Sen 1968), a test whether it rises or falls at all (Mann 1945, Kendall 1975), and
 * shapes that such a test takes for growth though they are none: a step, a plateau, a
 * sawtooth.
 */
#ifndef LEAKTRACE_ANALYZE_TREND_H
#define LEAKTRACE_ANALYZE_TREND_H

#include <stddef.h>

enum trend_shape {
	TREND_WARMING_UP, /* too little was seen to tell */
	TREND_STABLE,
	TREND_GROWING,
	TREND_SHRINKING,
	TREND_STEP,	/* rose or fell at once, and stays there */
	TREND_PLATEAU,	/* rose or fell, and has stopped */
	TREND_SAWTOOTH, /* rises and falls, and ends where it began */
	TREND_SHAPES,
};

enum trend_course {
	TREND_LINEAR,
	TREND_ACCELERATING,
	TREND_SLOWING,
};

struct trend_limits {
	double warm_up;	   /* seconds, before which nothing is said */
	double min_change; /* what is less does not count, in the series's unit */
	double min_part;   /* nor what is less than such a part of its level */
};

struct trend {
	enum trend_shape shape;
	enum trend_course course; /* of what grows or shrinks */
	double slope;		  /* per second; of what grows or shrinks, else 0 */
	double change;		  /* over the whole series; of a sawtooth: of its troughs */
	double since;		  /* seconds before the end at which the present course began */
};

#define TREND_POINTS_MAX 64

/*
 * `times` in seconds, rising; of more than TREND_POINTS_MAX points an even choice is
 * looked at.
 */
struct trend trend_of(const double *times, const double *values, size_t count,
		      const struct trend_limits *limits);

#endif
