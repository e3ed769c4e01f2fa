/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sampled blocks stand for: exact where all are tracked, unbiased and within its error bars
 * where they are sampled. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "model/estimate.h"

static void test_all_blocks(void **state)
{
	struct estimate estimate = { 0 };

	(void)state;
	estimate_add(&estimate, 100, 0);
	estimate_add(&estimate, 0, 0);
	estimate_add(&estimate, 1ULL << 40, 0);
	assert_int_equal(estimate_count(&estimate), 3);
	assert_int_equal(estimate_bytes(&estimate), (1ULL << 40) + 100);
	assert_int_equal(estimate_count_error(&estimate), 0);
	assert_int_equal(estimate_bytes_error(&estimate), 0);
}

static void test_weights(void **state)
{
	static const struct {
		uint64_t size;
		uint64_t sample_bytes;
		double weight; /* 1 / (1 - e^-(size / sample_bytes)), by hand */
	} rows[] = {
		{ 1000, 1000, 1.5819767 }, { 1, 1000000, 1000000.5 }, { 0, 1000, 1000.5 },
		{ 100000, 1000, 1 },	   { 1ULL << 40, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct estimate estimate = { 0 };

		estimate_add(&estimate, rows[i].size, rows[i].sample_bytes);
		assert_true(fabs(estimate.count / rows[i].weight - 1) < 1e-6);
		assert_true(fabs(estimate.bytes - rows[i].weight * (double)rows[i].size) <=
			    1e-6 * estimate.bytes);
	}
}

static void test_exact_blocks_add_no_error(void **state)
{
	struct estimate estimate = { 0 }, sampled = { 0 };

	(void)state;
	estimate_add(&sampled, 500, 1000);
	estimate_add(&estimate, 500, 1000);
	estimate_add_exact(&estimate, 3, 4000);
	assert_int_equal(estimate_count(&estimate), estimate_count(&sampled) + 3);
	assert_int_equal(estimate_bytes(&estimate), estimate_bytes(&sampled) + 4000);
	assert_int_equal(estimate_count_error(&estimate), estimate_count_error(&sampled));
	assert_int_equal(estimate_bytes_error(&estimate), estimate_bytes_error(&sampled));
}

/* Of blocks drawn here with the chance that is told of: the mean of many samples is the truth, and
 * 95% of them are within the bars. Seeded: the same samples each time. */
static void test_samples(void **state)
{
	enum { SAMPLES = 2000, BLOCKS = 1000 };
	const double size = 700, point = 2000, chance = -expm1(-size / point);
	double sum = 0;
	int inside = 0;

	(void)state;
	srand48(1);
	for (int i = 0; i < SAMPLES; i++) {
		struct estimate estimate = { 0 };
		double miss;

		for (int j = 0; j < BLOCKS; j++)
			if (drand48() < chance)
				estimate_add(&estimate, (uint64_t)size, (uint64_t)point);
		miss = estimate.bytes - size * BLOCKS;
		sum += miss;
		inside += fabs(miss) <= (double)estimate_bytes_error(&estimate);
	}
	assert_true(fabs(sum / SAMPLES) < size * BLOCKS * 0.005);
	assert_in_range(inside, SAMPLES * 93 / 100, SAMPLES * 97 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_blocks),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_exact_blocks_add_no_error),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
