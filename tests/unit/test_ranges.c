/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace/ranges against an array of pages, and its edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trace/ranges.h"

#define PLACES 300

struct pieces {
	struct range all[PLACES];
	size_t count;
};

static void collect(const struct range *piece, void *context)
{
	struct pieces *pieces = context;

	pieces->all[pieces->count++] = *piece;
}

static void put(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t owner)
{
	assert_int_equal(ranges_put(ranges, &(struct range){ start, end, owner }), 0);
}

static void assert_range(const struct range *range, uint64_t start, uint64_t end, uint32_t owner)
{
	assert_non_null(range);
	assert_int_equal(range->start, start);
	assert_int_equal(range->end, end);
	assert_int_equal(range->owner, owner);
}

static void test_split(void **state)
{
	struct ranges *ranges = ranges_new();
	struct pieces cut = { .count = 0 };

	(void)state;
	put(ranges, 10, 20, 1);
	assert_int_equal(ranges_cut(ranges, 13, 15, collect, &cut), 0);
	assert_int_equal(cut.count, 1);
	assert_range(&cut.all[0], 13, 15, 1);
	assert_range(ranges_next(ranges, 0), 10, 13, 1);
	assert_range(ranges_next(ranges, 13), 15, 20, 1);
	assert_null(ranges_next(ranges, 20));
	ranges_free(ranges);
}

static void test_several(void **state)
{
	struct ranges *ranges = ranges_new();
	struct pieces cut = { .count = 0 };

	(void)state;
	put(ranges, 10, 20, 1);
	put(ranges, 20, 30, 2);
	put(ranges, 40, 50, 3);
	assert_int_equal(ranges_cut(ranges, 15, 45, collect, &cut), 0);
	assert_int_equal(cut.count, 3);
	assert_range(&cut.all[0], 15, 20, 1);
	assert_range(&cut.all[1], 20, 30, 2);
	assert_range(&cut.all[2], 40, 45, 3);
	assert_range(ranges_next(ranges, 0), 10, 15, 1);
	assert_range(ranges_next(ranges, 15), 45, 50, 3);
	ranges_free(ranges);
}

static void test_edges(void **state)
{
	struct ranges *ranges = ranges_new();
	struct pieces cut = { .count = 0 };

	(void)state;
	put(ranges, 5, 5, 9);
	assert_null(ranges_next(ranges, 0));
	put(ranges, 0, 10, 1);
	put(ranges, UINT64_MAX - 10, UINT64_MAX, 2);
	/* Neighbours, nothing of which is inside. */
	assert_int_equal(ranges_cut(ranges, 10, UINT64_MAX - 10, collect, &cut), 0);
	assert_int_equal(ranges_cut(ranges, 7, 7, collect, &cut), 0);
	assert_int_equal(ranges_cut(ranges, 9, 3, collect, &cut), 0);
	assert_int_equal(cut.count, 0);
	assert_range(ranges_next(ranges, UINT64_MAX - 1), UINT64_MAX - 10, UINT64_MAX, 2);
	assert_null(ranges_next(ranges, UINT64_MAX));
	assert_int_equal(ranges_cut(ranges, 0, UINT64_MAX, collect, &cut), 0);
	assert_int_equal(cut.count, 2);
	assert_null(ranges_next(ranges, 0));
	ranges_free(ranges);
	ranges_free(NULL);
}

static void check_against(const struct ranges *ranges, const uint32_t *owners)
{
	const struct range *range;
	uint64_t place = 0;

	for (uint64_t address = 0; (range = ranges_next(ranges, address)); address = range->end) {
		for (; place < range->start; place++)
			assert_int_equal(owners[place], 0);
		for (; place < range->end; place++)
			assert_int_equal(owners[place], range->owner);
	}
	for (; place < PLACES; place++)
		assert_int_equal(owners[place], 0);
}

static void test_against_an_array(void **state)
{
	struct ranges *ranges = ranges_new();
	uint32_t owners[PLACES] = { 0 };
	unsigned seed = 7;

	(void)state;
	for (uint32_t round = 1; round < 20000; round++) {
		uint64_t start = rand_r(&seed) % PLACES;
		uint64_t end = start + rand_r(&seed) % (PLACES - start + 1);
		struct pieces cut = { .count = 0 };
		uint64_t place = start;

		assert_int_equal(ranges_cut(ranges, start, end, collect, &cut), 0);
		for (size_t i = 0; i < cut.count; i++) {
			for (; place < cut.all[i].start; place++)
				assert_int_equal(owners[place], 0);
			for (; place < cut.all[i].end; place++)
				assert_int_equal(owners[place], cut.all[i].owner);
		}
		for (; place < end; place++)
			assert_int_equal(owners[place], 0);
		memset(owners + start, 0, (end - start) * sizeof(*owners));
		if (rand_r(&seed) % 3) {
			put(ranges, start, end, round);
			for (place = start; place < end; place++)
				owners[place] = round;
		}
		check_against(ranges, owners);
	}
	ranges_free(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_against_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
