/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory/layout: which parts of an address space are roots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "memory/layout.h"
#include "util/proc.h"
#include "wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILE_MAP(start_, end_, rights, inode_, path_)                                              \
	{                                                                                          \
		.start = (start_), .end = (end_), .readable = (rights)[0] == 'r',                  \
		.writable = (rights)[1] == 'w', .executable = (rights)[2] == 'x',                  \
		.inode = (inode_), .path = (char *)(path_)                                         \
	}
#define MAP(start, end, rights, path) FILE_MAP(start, end, rights, 0, path)

struct wanted {
	uint64_t start;
	uint64_t end;
	enum graph_outside outside;
};

static void assert_areas(const struct layout_source *source, const struct wanted *wanted,
			 size_t wanted_count)
{
	struct area *areas = NULL;
	size_t count = 0;

	assert_int_equal(layout_make(source, &areas, &count), 0);
	assert_int_equal(count, wanted_count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(areas[i].start, wanted[i].start);
		assert_int_equal(areas[i].end, wanted[i].end);
		assert_int_equal(areas[i].outside, wanted[i].outside);
	}
	free(areas);
}

static void test_modules(void **state)
{
	const struct proc_map maps[] = {
		FILE_MAP(0x1000, 0x2000, "r--", 5, "/bin/demo"),
		FILE_MAP(0x2000, 0x3000, "r-x", 5, "/bin/demo"),
		FILE_MAP(0x3000, 0x4000, "r--", 5, "/bin/demo"),
		FILE_MAP(0x4000, 0x5000, "r--", 5, "/bin/demo"),
		FILE_MAP(0x5000, 0x6000, "rw-", 5, "/bin/demo"),
		MAP(0x6000, 0x7000, "rw-", ""),
		FILE_MAP(0x9000, 0xa000, "r-x", 6, "/lib/ld-linux-x86-64.so.2"),
		FILE_MAP(0xa000, 0xb000, "rw-", 6, "/lib/ld-linux-x86-64.so.2"),
		MAP(0xc000, 0xd000, "r--", "[vvar]"),
		MAP(0xd000, 0xe000, "rw-", "/dev/gpu0"),
		MAP(0xe000, 0xf000, "-w-", ""),
	};
	const struct layout_source source = { .maps = maps, .map_count = COUNT(maps) };
	/* Relocated data is the one before what is written. */
	const struct wanted wanted[] = {
		{ 0x4000, 0x5000, OUTSIDE_ROOT },
		{ 0x5000, 0x6000, OUTSIDE_ROOT },
		{ 0x6000, 0x7000, OUTSIDE_ROOT },
		{ 0xa000, 0xb000, OUTSIDE_STARTS },
	};

	(void)state;
	assert_areas(&source, wanted, COUNT(wanted));
}

/* By the calls that made it, not by mappings, which merge. */
static void test_allocator(void **state)
{
	const struct proc_map maps[] = {
		MAP(0x10000, 0x20000, "rw-", "[heap]"),
		MAP(0x30000, 0x60000, "rw-", ""),
	};
	const struct space_range ranges[] = {
		{ 0x11000, 0x20000, ROLE_ALLOCATOR },
		{ 0x30000, 0x40000, ROLE_HELD },
		{ 0x40000, 0x50000, ROLE_ALLOCATOR },
	};
	struct layout_source source = {
		.maps = maps,
		.map_count = COUNT(maps),
		.ranges = ranges,
		.range_count = COUNT(ranges),
	};
	const struct wanted exact[] = {
		{ 0x10000, 0x11000, OUTSIDE_ROOT }, { 0x11000, 0x20000, OUTSIDE_NOTHING },
		{ 0x30000, 0x40000, OUTSIDE_ROOT }, { 0x40000, 0x50000, OUTSIDE_NOTHING },
		{ 0x50000, 0x60000, OUTSIDE_ROOT },
	};
	const struct wanted late[] = {
		{ 0x10000, 0x11000, OUTSIDE_ROOT }, { 0x11000, 0x20000, OUTSIDE_ROOT },
		{ 0x30000, 0x40000, OUTSIDE_ROOT }, { 0x40000, 0x50000, OUTSIDE_ROOT },
		{ 0x50000, 0x60000, OUTSIDE_ROOT },
	};

	(void)state;
	assert_areas(&source, exact, COUNT(exact));
	source.is_late = true;
	assert_areas(&source, late, COUNT(late));
}

static void test_stacks(void **state)
{
	const struct proc_map maps[] = {
		MAP(0x10000, 0x11000, "---", ""),
		MAP(0x11000, 0x20000, "rw-", ""),
		MAP(0x30000, 0x40000, "rw-", ""),
		MAP(0x70000, 0x80000, "rw-", "[stack]"),
	};
	const struct wire_thread threads[] = {
		{ .tid = 1, .registers.sp = 0x7f008 },
		{ .tid = 2, .registers.sp = 0x1f00c, .thread_pointer = 0x1f800 },
		/* On a stack of the program's own, which is nothing but memory. */
		{ .tid = 3, .registers.sp = 0x38000 },
	};
	const struct layout_source source = {
		.maps = maps,
		.map_count = COUNT(maps),
		.threads = threads,
		.thread_count = COUNT(threads),
	};
	const struct wanted wanted[] = {
		{ 0x11000, 0x1f008, OUTSIDE_NOTHING }, { 0x1f008, 0x20000, OUTSIDE_ROOT },
		{ 0x30000, 0x40000, OUTSIDE_ROOT },    { 0x70000, 0x7f008, OUTSIDE_NOTHING },
		{ 0x7f008, 0x80000, OUTSIDE_ROOT },
	};

	(void)state;
	assert_areas(&source, wanted, COUNT(wanted));
}

/* The first thread has ended: arguments and environment are left of its stack. */
static void test_left_stack(void **state)
{
	const struct proc_map maps[] = { MAP(0x70000, 0x80000, "rw-", "[stack]") };
	const struct layout_source source = { .maps = maps,
					      .map_count = COUNT(maps),
					      .left_stack = 0x7e000 };
	const struct wanted wanted[] = {
		{ 0x70000, 0x7e000, OUTSIDE_NOTHING },
		{ 0x7e000, 0x80000, OUTSIDE_ROOT },
	};

	(void)state;
	assert_areas(&source, wanted, COUNT(wanted));
}

/* Whether a thread's stack is one that has been left, its memory must tell. */
static void test_stack_of_nobody(void **state)
{
	const struct proc_map maps[] = { MAP(0x30000, 0x40000, "rw-", "") };
	const struct space_range ranges[] = { { 0x30000, 0x40000, ROLE_THREAD_STACK } };
	const struct wire_thread thread = { .registers.sp = 0x99000, .thread_pointer = 0x3f000 };
	struct layout_source source = {
		.maps = maps,
		.map_count = COUNT(maps),
		.ranges = ranges,
		.range_count = COUNT(ranges),
	};
	struct area *areas;
	size_t count;

	(void)state;
	assert_int_equal(layout_make(&source, &areas, &count), 0);
	assert_int_equal(count, 1);
	assert_true(areas[0].may_be_stack);
	free(areas);
	/* Its thread runs elsewhere, on a signal's stack say. */
	source.threads = &thread;
	source.thread_count = 1;
	assert_int_equal(layout_make(&source, &areas, &count), 0);
	assert_int_equal(count, 1);
	assert_false(areas[0].may_be_stack);
	assert_int_equal(areas[0].outside, OUTSIDE_ROOT);
	free(areas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modules),		cmocka_unit_test(test_allocator),
		cmocka_unit_test(test_stacks),		cmocka_unit_test(test_left_stack),
		cmocka_unit_test(test_stack_of_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
