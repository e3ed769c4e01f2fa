/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace/space_mappings: what each event does to the books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trace/space_mappings.h"
#include "util/proc.h"
#include "util/strings.h"

#define PAGE 4096ULL

struct books {
	struct strings *strings;
	struct space_mappings *mappings;
	uint64_t time_ns;
};

static int setup(void **state)
{
	struct books *books = calloc(1, sizeof(*books));

	books->strings = strings_new();
	books->mappings = space_mappings_new(books->strings);
	*state = books;
	return 0;
}

static int teardown(void **state)
{
	struct books *books = *state;

	space_mappings_free(books->mappings);
	strings_free(books->strings);
	free(books);
	return 0;
}

/* Pages; `site` is the stack's tag. */
static void event(struct books *books, enum wire_map_op op, uint32_t thread, uint64_t site,
		  uint64_t start, uint64_t pages, uint64_t old_start, uint64_t old_pages)
{
	struct wire_event_map map = {
		.head.time_ns = ++books->time_ns,
		.tag = site,
		.thread = thread,
		.start = start * PAGE,
		.bytes = pages * PAGE,
		.old_start = old_start * PAGE,
		.old_bytes = old_pages * PAGE,
		.op = op,
	};

	assert_int_equal(space_mappings_event(books->mappings, &map), 0);
}

static void put(struct books *books, uint64_t site, uint64_t start, uint64_t pages)
{
	event(books, WIRE_MAP_PUT, 1, site, start, pages, 0, 0);
}

static void cut(struct books *books, uint32_t thread, uint64_t start, uint64_t pages)
{
	event(books, WIRE_MAP_CUT, thread, 0, start, pages, 0, 0);
}

static void back(struct books *books, uint32_t thread)
{
	event(books, WIRE_MAP_BACK, thread, 0, 0, 0, 0, 0);
}

struct sum {
	uint64_t count;
	uint64_t pages;
	uint64_t first;
};

struct wanted_site {
	const struct book_site *sites;
	uint64_t tag;
	struct sum sum;
};

static void add(const struct live_mapping *mapping, void *context)
{
	struct wanted_site *wanted = context;

	if (wanted->sites[mapping->site].tag != wanted->tag)
		return;
	if (!wanted->sum.count++)
		wanted->sum.first = mapping->start / PAGE;
	wanted->sum.pages += mapping->bytes / PAGE;
}

/* What a site holds, by its mappings and by its sums, which must agree. */
static void assert_held(struct books *books, uint64_t site, uint64_t count, uint64_t pages)
{
	struct wanted_site wanted = { .tag = site };
	size_t sites;

	wanted.sites = space_mappings_sites(books->mappings, &sites);
	space_mappings_each(books->mappings, add, &wanted);
	assert_int_equal(wanted.sum.count, count);
	assert_int_equal(wanted.sum.pages, pages);
	for (size_t i = 0; i < sites; i++) {
		const struct book_site *line = &wanted.sites[i];

		if (line->tag != site)
			continue;
		assert_int_equal(line->acquired_count - line->released_count, count);
		assert_int_equal(line->acquired_bytes - line->released_bytes, pages * PAGE);
		return;
	}
	assert_int_equal(count, 0);
}

static void test_partial(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 10);
	cut(books, 1, 103, 2);
	assert_held(books, 7, 1, 8);
	cut(books, 1, 100, 3);
	assert_held(books, 7, 1, 5);
	cut(books, 1, 90, 30);
	assert_held(books, 7, 0, 0);
	assert_int_equal(space_mappings_peak(books->mappings), 10 * PAGE);
}

static void test_failure_gives_back(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 10);
	cut(books, 1, 103, 2);
	back(books, 1);
	assert_held(books, 7, 1, 10);
	cut(books, 1, 100, 10);
	assert_held(books, 7, 0, 0);
	back(books, 1);
	assert_held(books, 7, 1, 10);
	/* Only once, and only what that thread has cut. */
	cut(books, 1, 100, 10);
	back(books, 2);
	assert_held(books, 7, 0, 0);
	back(books, 1);
	back(books, 1);
	assert_held(books, 7, 1, 10);
}

/* Another thread gets the addresses while the call that gives them up is under way. */
static void test_addresses_go_on(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 10);
	cut(books, 1, 100, 10);
	event(books, WIRE_MAP_PUT, 2, 8, 100, 4, 0, 0);
	assert_held(books, 7, 0, 0);
	assert_held(books, 8, 1, 4);
	cut(books, 1, 200, 1);
	assert_held(books, 8, 1, 4);
}

static void test_replaced_unseen(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 10);
	put(books, 8, 105, 10);
	assert_held(books, 7, 1, 5);
	assert_held(books, 8, 1, 10);
}

static void test_moved(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 10);
	cut(books, 1, 104, 1);
	cut(books, 1, 100, 10);
	event(books, WIRE_MAP_MOVE, 1, 9, 300, 12, 100, 10);
	/* Nine pages go on, with their hole; two are new. */
	assert_held(books, 7, 1, 9);
	assert_held(books, 9, 1, 2);
	cut(books, 1, 300, 1);
	assert_held(books, 7, 1, 8);
	cut(books, 1, 310, 2);
	assert_held(books, 9, 0, 0);
}

static void test_shrunk(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 10);
	cut(books, 1, 100, 10);
	event(books, WIRE_MAP_MOVE, 1, 9, 100, 4, 100, 10);
	assert_held(books, 7, 1, 4);
	assert_held(books, 9, 0, 0);
}

static void test_moved_onto_another(void **state)
{
	struct books *books = *state;
	struct wire_event_map map = { .op = WIRE_MAP_CUT,
				      .thread = 1,
				      .start = 100 * PAGE,
				      .bytes = 4 * PAGE,
				      .continues = 1 };

	put(books, 7, 100, 4);
	put(books, 8, 200, 4);
	cut(books, 1, 200, 4);
	assert_int_equal(space_mappings_event(books->mappings, &map), 0);
	event(books, WIRE_MAP_MOVE, 1, 9, 200, 4, 100, 4);
	assert_held(books, 7, 1, 4);
	assert_held(books, 8, 0, 0);
	/* And when it fails, both are back. */
	cut(books, 1, 200, 4);
	put(books, 8, 400, 4);
	cut(books, 1, 400, 4);
	map.start = 200 * PAGE;
	back(books, 1);
	assert_held(books, 8, 1, 4);
}

static void test_kept_old(void **state)
{
	struct books *books = *state;
	struct wire_event_map map = { .op = WIRE_MAP_MOVE,
				      .thread = 1,
				      .tag = 9,
				      .start = 300 * PAGE,
				      .bytes = 4 * PAGE,
				      .old_start = 100 * PAGE,
				      .old_bytes = 4 * PAGE,
				      .keeps_old = 1 };

	put(books, 7, 100, 4);
	assert_int_equal(space_mappings_event(books->mappings, &map), 0);
	assert_held(books, 7, 1, 4);
	assert_held(books, 9, 1, 4);
}

/* Shared memory is detached by its address alone. */
static void test_whole_by_address(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 3);
	put(books, 7, 103, 3);
	cut(books, 1, 104, 0);
	assert_held(books, 7, 2, 6);
	cut(books, 1, 103, 0);
	assert_held(books, 7, 1, 3);
}

static void test_checked(void **state)
{
	struct books *books = *state;
	const struct proc_map maps[] = {
		{ .start = 90 * PAGE, .end = 104 * PAGE },
		{ .start = 300 * PAGE, .end = 301 * PAGE },
	};

	put(books, 7, 100, 10);
	put(books, 8, 300, 1);
	put(books, 9, 500, 1);
	/* What was mapped later than the look says nothing. */
	assert_int_equal(space_mappings_check(books->mappings, maps, 2, books->time_ns), 1);
	assert_held(books, 7, 1, 4);
	assert_held(books, 8, 1, 1);
	assert_held(books, 9, 1, 1);
	assert_int_equal(space_mappings_check(books->mappings, maps, 2, books->time_ns + 1), 1);
	assert_held(books, 9, 0, 0);
}

/* Numbers of mappings are used again: no memory grows with their turnover. */
static void test_turnover(void **state)
{
	struct books *books = *state;

	for (uint64_t i = 0; i < 200000; i++) {
		put(books, i % 5, 100 + i % 1000 * 10, 1 + i % 7);
		cut(books, i % 3, 100 + i % 1000 * 10, 10);
	}
	for (uint64_t site = 0; site < 5; site++)
		assert_held(books, site, 0, 0);
	assert_int_equal(space_mappings_peak(books->mappings), 7 * PAGE);
}

static void test_nonsense(void **state)
{
	struct books *books = *state;

	put(books, 7, 100, 0);
	event(books, WIRE_MAP_PUT, 1, 7, UINT64_MAX / PAGE, 10, 0, 0);
	event(books, WIRE_MAP_MOVE, 9, 7, 100, 10, 500, 10);
	cut(books, 1, 100, UINT64_MAX / PAGE);
	back(books, 77);
	assert_held(books, 7, 0, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_partial),
		CASE(test_failure_gives_back),
		CASE(test_addresses_go_on),
		CASE(test_replaced_unseen),
		CASE(test_moved),
		CASE(test_shrunk),
		CASE(test_moved_onto_another),
		CASE(test_kept_old),
		CASE(test_whole_by_address),
		CASE(test_checked),
		CASE(test_turnover),
		CASE(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
