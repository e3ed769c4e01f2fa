/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/growth_limits.h"

#include <math.h>

const struct growth_limits growth_limits_default = {
	.rows = { { 60, 0.05, 0.10 }, { 300, 0.10, 0.15 }, { INFINITY, 0.15, 0.20 } },
	.count = 3,
};

enum growth_level growth_judge(const struct growth_limits *limits, const struct trend *trend,
			       bool has_bytes, double first, double seconds)
{
	double part = first > 0 ? trend->change / first : INFINITY;

	if (trend->shape == TREND_WARMING_UP)
		return GROWTH_LEVEL_UNKNOWN;
	if (trend->shape != TREND_GROWING)
		return GROWTH_LEVEL_OK;
	if (!has_bytes)
		return GROWTH_LEVEL_FAIL;
	for (size_t i = 0; i < limits->count; i++) {
		if (seconds > limits->rows[i].seconds)
			continue;
		return part >= limits->rows[i].fail   ? GROWTH_LEVEL_FAIL
		       : part >= limits->rows[i].warn ? GROWTH_LEVEL_WARN
						      : GROWTH_LEVEL_OK;
	}
	return GROWTH_LEVEL_OK;
}
