/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much growth fails, by how long it was watched. */
#include "fixture.h"

#include "analyze/growth_limits.h"

static enum growth_level judge(enum trend_shape shape, bool has_bytes, double change,
			       double seconds)
{
	const struct trend trend = { .shape = shape, .change = change };

	return growth_judge(&growth_limits_default, &trend, has_bytes, 100, seconds);
}

static void test_table(void **state)
{
	static const struct {
		double seconds, change;
		enum growth_level level;
	} rows[] = {
		{ 60, 4.9, GROWTH_LEVEL_OK },	  { 60, 5, GROWTH_LEVEL_WARN },
		{ 60, 9.9, GROWTH_LEVEL_WARN },	  { 60, 10, GROWTH_LEVEL_FAIL },
		{ 61, 9.9, GROWTH_LEVEL_OK },	  { 300, 10, GROWTH_LEVEL_WARN },
		{ 300, 15, GROWTH_LEVEL_FAIL },	  { 301, 14.9, GROWTH_LEVEL_OK },
		{ 86400, 15, GROWTH_LEVEL_WARN }, { 86400, 20, GROWTH_LEVEL_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(judge(TREND_GROWING, true, rows[i].change, rows[i].seconds),
				 rows[i].level);
}

static void test_only_growth_counts(void **state)
{
	static const enum trend_shape fine[] = { TREND_STABLE, TREND_SHRINKING, TREND_STEP,
						 TREND_PLATEAU, TREND_SAWTOOTH };

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		assert_int_equal(judge(fine[i], true, 1000, 60), GROWTH_LEVEL_OK);
		assert_int_equal(judge(fine[i], false, 1000, 60), GROWTH_LEVEL_OK);
	}
	assert_int_equal(judge(TREND_WARMING_UP, true, 1000, 60), GROWTH_LEVEL_UNKNOWN);
}

static void test_what_is_counted(void **state)
{
	(void)state;
	assert_int_equal(judge(TREND_GROWING, false, 0.1, 86400), GROWTH_LEVEL_FAIL);
}

static void test_from_nothing(void **state)
{
	const struct trend trend = { .shape = TREND_GROWING, .change = 1 };

	(void)state;
	assert_int_equal(growth_judge(&growth_limits_default, &trend, true, 0, 60),
			 GROWTH_LEVEL_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_only_growth_counts),
		cmocka_unit_test(test_what_is_counted),
		cmocka_unit_test(test_from_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
