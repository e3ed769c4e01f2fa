/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times of kept points, evenly spread from the start until now: when there is no room
 * for more, every other one is dropped and from then on half as many are kept. So an
 * hour takes as much memory as a minute.
 */
#ifndef LEAKTRACE_LIVE_TIMELINE_H
#define LEAKTRACE_LIVE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMELINE_POINTS 128

struct timeline {
	double times[TIMELINE_POINTS]; /* seconds since the session's start */
	size_t count;
	uint64_t samples;
	uint64_t step; /* one sample of so many is kept; 0: before the first */
};

enum timeline_change {
	TIMELINE_SKIPS,	 /* the sample is not kept */
	TIMELINE_KEEPS,	 /* it is the last point now */
	TIMELINE_HALVES, /* the same, after every other point was dropped */
};

/* Adds a sample. Series along the timeline follow with timeline_halve() and their value. */
enum timeline_change timeline_add(struct timeline *timeline, double time);

/* What the timeline does to its times when it halves, for a series along it. */
void timeline_halve(float *values);

#endif
