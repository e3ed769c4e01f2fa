/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series of known shapes, and what is said of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analyze/trend.h"

#define POINTS 120
#define KB 1000.0
#define MB 1e6

static const struct trend_limits limits = { 10, 64 * KB, 0.01 };

static double times[POINTS], values[POINTS];

/* A generator of its own: the same numbers everywhere. */
static double noise(void)
{
	static uint32_t state = 12345;

	state = state * 1664525 + 1013904223;
	return (double)(state >> 8) / (1 << 24) - 0.5;
}

static struct trend judge(double (*value)(double time), double jitter)
{
	for (int i = 0; i < POINTS; i++) {
		times[i] = i;
		values[i] = value(i) + jitter * noise();
	}
	return trend_of(times, values, POINTS, &limits);
}

static double flat(double time)
{
	(void)time;
	return 20 * MB;
}

static double line(double time)
{
	return 20 * MB + 0.1 * MB * time;
}

static double falling(double time)
{
	return 20 * MB - 0.1 * MB * time;
}

static double late_line(double time)
{
	return 20 * MB + (time > 60 ? 0.1 * MB * (time - 60) : 0);
}

static double square(double time)
{
	return 20 * MB + 2 * KB * time * time;
}

static double root(double time)
{
	return 20 * MB + 1 * MB * sqrt(time);
}

static double step(double time)
{
	return time < 50 ? 20 * MB : 28 * MB;
}

static double plateau(double time)
{
	return 20 * MB + 0.2 * MB * fmin(time, 40);
}

static double sawtooth(double time)
{
	return 20 * MB + 0.5 * MB * fmod(time, 20);
}

static double rising_sawtooth(double time)
{
	return sawtooth(time) + 0.2 * MB * time;
}

static double slow_line(double time)
{
	return 20 * MB + 100 * time;
}

static void test_flat(void **state)
{
	(void)state;
	assert_int_equal(judge(flat, 0).shape, TREND_STABLE);
	assert_int_equal(judge(flat, 0.1 * MB).shape, TREND_STABLE);
	assert_int_equal(judge(flat, 1 * MB).shape, TREND_STABLE);
	/* Below what counts. */
	assert_int_equal(judge(slow_line, 0).shape, TREND_STABLE);
}

static void test_line(void **state)
{
	struct trend trend = judge(line, 0);

	(void)state;
	assert_int_equal(trend.shape, TREND_GROWING);
	assert_int_equal(trend.course, TREND_LINEAR);
	assert_float_equal(trend.slope, 0.1 * MB, 1);
	assert_float_equal(trend.change, 0.1 * MB * 119, 1);
	assert_true(trend.since > 110);
	trend = judge(line, 1 * MB);
	assert_int_equal(trend.shape, TREND_GROWING);
	assert_int_equal(trend.course, TREND_LINEAR);
	assert_float_equal(trend.slope, 0.1 * MB, 0.01 * MB);
	trend = judge(falling, 0.1 * MB);
	assert_int_equal(trend.shape, TREND_SHRINKING);
	assert_float_equal(trend.slope, -0.1 * MB, 0.01 * MB);
}

static void test_an_outlier_is_no_growth(void **state)
{
	struct trend trend;

	(void)state;
	judge(flat, 0.05 * MB);
	values[60] += 30 * MB;
	trend = trend_of(times, values, POINTS, &limits);
	assert_int_not_equal(trend.shape, TREND_GROWING);
	judge(line, 0);
	values[POINTS - 1] = 0;
	assert_float_equal(trend_of(times, values, POINTS, &limits).slope, 0.1 * MB, 0.01 * MB);
}

static void test_growth_that_began_late(void **state)
{
	struct trend trend = judge(late_line, 0);

	(void)state;
	assert_int_equal(trend.shape, TREND_GROWING);
	assert_int_equal(trend.course, TREND_LINEAR);
	assert_true(trend.since > 50 && trend.since < 65);
	assert_float_equal(trend.slope, 0.1 * MB, 0.01 * MB);
}

static void test_courses(void **state)
{
	(void)state;
	assert_int_equal(judge(square, 0).shape, TREND_GROWING);
	assert_int_equal(judge(square, 0).course, TREND_ACCELERATING);
	assert_int_equal(judge(root, 0).shape, TREND_GROWING);
	assert_int_equal(judge(root, 0).course, TREND_SLOWING);
}

static void test_step(void **state)
{
	struct trend trend = judge(step, 0.1 * MB);

	(void)state;
	assert_int_equal(trend.shape, TREND_STEP);
	assert_float_equal(trend.change, 8 * MB, 0.2 * MB);
	assert_true(trend.since > 60 && trend.since < 72);
}

static void test_plateau(void **state)
{
	struct trend trend = judge(plateau, 0.01 * MB);

	(void)state;
	assert_int_equal(trend.shape, TREND_PLATEAU);
	assert_float_equal(trend.change, 8 * MB, 0.2 * MB);
	assert_true(trend.since > 75 && trend.since < 90);
}

static void test_sawtooth(void **state)
{
	struct trend trend = judge(sawtooth, 0.1 * MB);

	(void)state;
	assert_int_equal(trend.shape, TREND_SAWTOOTH);
	assert_float_equal(trend.slope, 0, 1);
	trend = judge(rising_sawtooth, 0.1 * MB);
	assert_int_equal(trend.shape, TREND_GROWING);
	assert_float_equal(trend.slope, 0.2 * MB, 0.04 * MB);
}

static void test_too_little_is_known(void **state)
{
	(void)state;
	judge(line, 0);
	assert_int_equal(trend_of(times, values, 0, &limits).shape, TREND_WARMING_UP);
	assert_int_equal(trend_of(times, values, 1, &limits).shape, TREND_WARMING_UP);
	assert_int_equal(trend_of(times, values, 10, &limits).shape, TREND_WARMING_UP);
	assert_int_equal(trend_of(times, values, 12, &limits).shape, TREND_GROWING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_an_outlier_is_no_growth),
		cmocka_unit_test(test_growth_that_began_late),
		cmocka_unit_test(test_courses),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_plateau),
		cmocka_unit_test(test_sawtooth),
		cmocka_unit_test(test_too_little_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
