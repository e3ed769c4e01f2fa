/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books of pages: each way in which pages come and go, and a long random run against a
 * plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/space_pages.h"

#define PAGE (1ULL << WIRE_PAGE_SHIFT)
#define BASE 0x7f0000000000ULL
#define TICK_NS (1ULL << WIRE_TICK_SHIFT)

static uint64_t now_ns = 1000000000;

static void touch(struct space_pages *pages, uint64_t address, uint64_t tag, uint32_t shift)
{
	struct wire_event_page event = {
		.head.time_ns = now_ns,
		.tag = tag,
		.address = address,
		.check = (uint32_t)tag,
		.shift = (u16)shift,
	};

	assert_int_equal(space_pages_touched(pages, &event), 0);
}

static void touch_range(struct space_pages *pages, uint64_t start, size_t count, uint64_t tag)
{
	for (size_t i = 0; i < count; i++)
		touch(pages, start + i * PAGE, tag, 0);
}

static void mapped(struct space_pages *pages, enum wire_map_op op, uint32_t thread, uint64_t start,
		   uint64_t count)
{
	struct wire_event_map event = {
		.head.time_ns = now_ns,
		.op = (u8)op,
		.thread = thread,
		.start = start,
		.bytes = count * PAGE,
	};

	space_pages_mapped(pages, &event);
}

static void moved(struct space_pages *pages, uint32_t thread, uint64_t old_start,
		  uint64_t old_count, uint64_t start, uint64_t count)
{
	struct wire_event_map event = {
		.op = WIRE_MAP_MOVE,
		.thread = thread,
		.start = start,
		.bytes = count * PAGE,
		.old_start = old_start,
		.old_bytes = old_count * PAGE,
	};

	space_pages_mapped(pages, &event);
}

static uint64_t live(const struct space_pages *pages, uint64_t tag)
{
	size_t count;
	const struct book_site *sites = space_pages_sites(pages, &count);

	for (size_t i = 0; i < count; i++)
		if (sites[i].tag == tag)
			return sites[i].acquired_count - sites[i].released_count;
	return 0;
}

static void test_touched_and_unmapped(void **state)
{
	struct space_pages *pages = space_pages_new();

	(void)state;
	touch_range(pages, BASE, 1000, 1);
	touch_range(pages, BASE + 2000 * PAGE, 10, 2);
	/* The first who touches it has it. */
	touch_range(pages, BASE, 10, 2);
	assert_int_equal(live(pages, 1), 1000);
	assert_int_equal(live(pages, 2), 10);
	mapped(pages, WIRE_MAP_CUT, 7, BASE + 100 * PAGE, 500);
	/* Not before it is known that the call went well. */
	assert_int_equal(live(pages, 1), 1000);
	mapped(pages, WIRE_MAP_PUT, 7, BASE + 5000 * PAGE, 1);
	assert_int_equal(live(pages, 1), 500);
	mapped(pages, WIRE_MAP_DISCARD, 7, BASE, 50);
	assert_int_equal(live(pages, 1), 450);
	touch_range(pages, BASE, 50, 2);
	assert_int_equal(live(pages, 2), 60);
	space_pages_free(pages);
}

static void test_a_call_that_fails(void **state)
{
	struct space_pages *pages = space_pages_new();

	(void)state;
	touch_range(pages, BASE, 100, 1);
	mapped(pages, WIRE_MAP_CUT, 7, BASE, 100);
	mapped(pages, WIRE_MAP_BACK, 7, 0, 0);
	space_pages_settle(pages, UINT64_MAX);
	assert_int_equal(live(pages, 1), 100);
	mapped(pages, WIRE_MAP_CUT, 7, BASE, 100);
	/* It may be under way. */
	space_pages_settle(pages, now_ns);
	assert_int_equal(live(pages, 1), 100);
	space_pages_settle(pages, now_ns + 1);
	assert_int_equal(live(pages, 1), 0);
	space_pages_free(pages);
}

/* Another thread has got the addresses before the call's return. */
static void test_addresses_are_handed_out_again(void **state)
{
	struct space_pages *pages = space_pages_new();

	(void)state;
	touch_range(pages, BASE, 100, 1);
	mapped(pages, WIRE_MAP_CUT, 7, BASE, 100);
	touch_range(pages, BASE + 50 * PAGE, 10, 2);
	assert_int_equal(live(pages, 1), 0);
	assert_int_equal(live(pages, 2), 10);
	space_pages_settle(pages, UINT64_MAX);
	assert_int_equal(live(pages, 2), 10);
	space_pages_free(pages);
}

static void test_moved(void **state)
{
	struct space_pages *pages = space_pages_new();

	(void)state;
	touch_range(pages, BASE, 600, 1);
	mapped(pages, WIRE_MAP_CUT, 7, BASE, 600);
	moved(pages, 7, BASE, 600, BASE + 10000 * PAGE, 700);
	assert_int_equal(live(pages, 1), 600);
	/* They are there now, and there no more. */
	touch_range(pages, BASE, 10, 2);
	touch_range(pages, BASE + 10000 * PAGE, 600, 2);
	assert_int_equal(live(pages, 2), 10);
	/* A range that shrinks in place. */
	mapped(pages, WIRE_MAP_CUT, 7, BASE + 10000 * PAGE, 700);
	moved(pages, 7, BASE + 10000 * PAGE, 700, BASE + 10000 * PAGE, 200);
	assert_int_equal(live(pages, 1), 200);
	space_pages_free(pages);
}

static void count_page(const struct touched_page *page, void *context)
{
	uint64_t *sums = context;

	sums[0]++;
	sums[1] += page->pages;
	sums[2] += page->born_ns;
}

static void test_samples_and_ages(void **state)
{
	struct space_pages *pages = space_pages_new();
	uint64_t sums[3] = { 0 };

	(void)state;
	now_ns = 5000000000;
	touch(pages, BASE, 1, 4);
	now_ns += 100 * TICK_NS;
	touch(pages, BASE + PAGE, 1, 0);
	assert_int_equal(live(pages, 1), 17);
	space_pages_each(pages, count_page, sums);
	assert_int_equal(sums[0], 2);
	assert_int_equal(sums[1], 17);
	assert_int_equal(sums[2], 2 * 5000000000 + 100 * TICK_NS);
	mapped(pages, WIRE_MAP_DISCARD, 1, BASE, 2);
	assert_int_equal(live(pages, 1), 0);
	space_pages_free(pages);
}

static void touch_huge(struct space_pages *pages, uint64_t address, uint64_t tag)
{
	struct wire_event_page event = {
		.head.time_ns = now_ns,
		.tag = tag,
		.address = address,
		.check = (uint32_t)tag,
		.huge = true,
	};

	assert_int_equal(space_pages_touched(pages, &event), 0);
}

static void test_huge_pages(void **state)
{
	struct space_pages *pages = space_pages_new();

	(void)state;
	for (int i = 0; i < 10; i++)
		touch_huge(pages, BASE + (uint64_t)i * 512 * PAGE + 7 * PAGE, 1);
	assert_int_equal(live(pages, 1), 5120);
	/* The kernel had none left: a small page after all, and another. */
	touch_huge(pages, BASE + 9 * PAGE, 2);
	assert_int_equal(live(pages, 1), 9 * 512 + 1);
	assert_int_equal(live(pages, 2), 1);
	/* Where small pages are, no huge one comes. */
	touch(pages, BASE + 20 * 512 * PAGE, 3, 0);
	touch_huge(pages, BASE + 20 * 512 * PAGE + PAGE, 3);
	assert_int_equal(live(pages, 3), 2);
	mapped(pages, WIRE_MAP_DISCARD, 1, BASE, 10 * 512);
	assert_int_equal(live(pages, 1), 0);
	assert_int_equal(live(pages, 2), 0);
	touch_huge(pages, BASE, 1);
	mapped(pages, WIRE_MAP_CUT, 7, BASE, 512);
	moved(pages, 7, BASE, 512, BASE + 30 * 512 * PAGE, 512);
	assert_int_equal(live(pages, 1), 512);
	space_pages_free(pages);
}

#define RANDOM_PAGES 3000
#define RANDOM_SITES 5

static uint32_t random_number(uint32_t limit)
{
	static uint32_t number = 4711;

	number = number * 1664525 + 1013904223;
	return (number >> 8) % limit;
}

static void test_random_calls(void **state)
{
	struct space_pages *pages = space_pages_new();
	uint8_t owners[RANDOM_PAGES] = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t start = random_number(RANDOM_PAGES);
		uint32_t count = 1 + random_number(RANDOM_PAGES - start);
		uint8_t site = (uint8_t)(1 + random_number(RANDOM_SITES));

		switch (random_number(6)) {
		case 0:
			mapped(pages, WIRE_MAP_DISCARD, 1, BASE + start * PAGE, count);
			memset(owners + start, 0, count);
			break;
		case 1:
			mapped(pages, WIRE_MAP_CUT, 1, BASE + start * PAGE, count);
			mapped(pages, WIRE_MAP_BACK, 1, 0, 0);
			break;
		case 2:
			mapped(pages, WIRE_MAP_CUT, 1, BASE + start * PAGE, count);
			space_pages_settle(pages, UINT64_MAX);
			memset(owners + start, 0, count);
			break;
		default:
			count = count > 20 ? 20 : count;
			touch_range(pages, BASE + start * PAGE, count, site);
			for (uint32_t j = start; j < start + count; j++)
				owners[j] = owners[j] ? owners[j] : site;
		}
	}
	for (uint8_t site = 1; site <= RANDOM_SITES; site++) {
		uint64_t expected = 0;

		for (int i = 0; i < RANDOM_PAGES; i++)
			expected += owners[i] == site;
		assert_int_equal(live(pages, site), expected);
	}
	space_pages_free(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_touched_and_unmapped),
		cmocka_unit_test(test_a_call_that_fails),
		cmocka_unit_test(test_addresses_are_handed_out_again),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_samples_and_ages),
		cmocka_unit_test(test_huge_pages),
		cmocka_unit_test(test_random_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
