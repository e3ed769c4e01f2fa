/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a sampled block stands for, and how far off a sum of such blocks may be. With blocks sampled
 * by a Poisson process over bytes, one point per R bytes, a block of S bytes is seen with the
 * probability p = 1 - e^(-S / R), and stands for 1 / p blocks: the estimator of Horvitz and
 * Thompson (1952), whose variance is estimated by the sum of (1 - p) / p^2 over what was seen.
 */
#ifndef LEAKTRACE_MODEL_ESTIMATE_H
#define LEAKTRACE_MODEL_ESTIMATE_H

#include <stdint.h>

struct estimate {
	double count;
	double bytes;
	double count_variance;
	double bytes_variance;
};

/* Adds one block; `sample_bytes` is R, 0 when all blocks are tracked: it stands for itself. */
void estimate_add(struct estimate *estimate, uint64_t size, uint64_t sample_bytes);
/* Adds `count` blocks that stand for themselves. */
void estimate_add_exact(struct estimate *estimate, uint64_t count, uint64_t bytes);

uint64_t estimate_count(const struct estimate *estimate);
uint64_t estimate_bytes(const struct estimate *estimate);
/* Half of the interval that holds the true value in 95% of all samples, by the normal
 * approximation; 0: exact. */
uint64_t estimate_count_error(const struct estimate *estimate);
uint64_t estimate_bytes_error(const struct estimate *estimate);

#endif
