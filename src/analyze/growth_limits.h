/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a process may grow while it is watched, by how long that was. */
#ifndef LEAKTRACE_ANALYZE_GROWTH_LIMITS_H
#define LEAKTRACE_ANALYZE_GROWTH_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/trend.h"

struct growth_limit {
	double seconds; /* of runs up to that long; infinite: of all others */
	double warn;	/* parts of what it began with */
	double fail;
};

#define GROWTH_LIMITS_MAX 16

/* In the order of their durations. */
struct growth_limits {
	struct growth_limit rows[GROWTH_LIMITS_MAX];
	size_t count;
};

/* 5% and 10% in a minute, 10% and 15% in five, 15% and 20% in longer runs. */
extern const struct growth_limits growth_limits_default;

enum growth_level {
	GROWTH_LEVEL_UNKNOWN, /* too little was seen to tell */
	GROWTH_LEVEL_OK,      /* also what rises and falls, has risen once or has come to a halt */
	GROWTH_LEVEL_WARN,
	GROWTH_LEVEL_FAIL,
};

/*
 * `first`: where it began, after the warm-up; `seconds`: how long it was watched since. What is
 * counted, descriptors and threads, fails by any steady growth.
 */
enum growth_level growth_judge(const struct growth_limits *limits, const struct trend *trend,
			       bool has_bytes, double first, double seconds);

#endif
