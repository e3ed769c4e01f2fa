/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/estimate.h"

#include <math.h>

#define NORMAL_95 1.959964

void estimate_add(struct estimate *estimate, uint64_t size, uint64_t sample_bytes)
{
	double bytes = size ? (double)size : 1, chance, variance;

	if (!sample_bytes) {
		estimate_add_exact(estimate, 1, size);
		return;
	}
	chance = -expm1(-bytes / (double)sample_bytes);
	variance = (1 - chance) / (chance * chance);
	estimate->count += 1 / chance;
	estimate->bytes += (double)size / chance;
	estimate->count_variance += variance;
	estimate->bytes_variance += variance * (double)size * (double)size;
}

void estimate_add_exact(struct estimate *estimate, uint64_t count, uint64_t bytes)
{
	estimate->count += (double)count;
	estimate->bytes += (double)bytes;
}

uint64_t estimate_count(const struct estimate *estimate)
{
	return (uint64_t)llround(estimate->count);
}

uint64_t estimate_bytes(const struct estimate *estimate)
{
	return (uint64_t)llround(estimate->bytes);
}

uint64_t estimate_count_error(const struct estimate *estimate)
{
	return (uint64_t)ceil(NORMAL_95 * sqrt(estimate->count_variance));
}

uint64_t estimate_bytes_error(const struct estimate *estimate)
{
	return (uint64_t)ceil(NORMAL_95 * sqrt(estimate->bytes_variance));
}
