/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/timeline.h"

void timeline_halve(float *values)
{
	for (size_t i = 0; i < TIMELINE_POINTS / 2; i++)
		values[i] = values[i * 2];
}

enum timeline_change timeline_add(struct timeline *timeline, double time)
{
	bool halves = timeline->count == TIMELINE_POINTS;

	if (!timeline->step)
		timeline->step = 1;
	if (timeline->samples++ % timeline->step)
		return TIMELINE_SKIPS;
	if (halves) {
		for (size_t i = 0; i < TIMELINE_POINTS / 2; i++)
			timeline->times[i] = timeline->times[i * 2];
		timeline->count = TIMELINE_POINTS / 2;
		timeline->step *= 2;
	}
	timeline->times[timeline->count++] = time;
	return halves ? TIMELINE_HALVES : TIMELINE_KEEPS;
}
