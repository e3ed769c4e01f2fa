/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocator recognition on the allocators of this system. */
#include <errno.h>

#include "probe_plan.h"

#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"
#define MUSL "/lib/ld-musl-x86_64.so.1"
#define LOADER "/lib64/ld-linux-x86-64.so.2"

static const struct allocator_options plain = { 0 };

static void test_glibc(void **state)
{
	struct module libc = open_module(LIBRARIES "libc.so.6", &plain);
	const struct probe_site *site = find(libc.plan, "free");

	(void)state;
	assert_string_equal(libc.plan->allocator, "glibc");
	ASSERT_FUNCTIONS(libc.plan, "malloc", "free", "calloc", "realloc", "memalign", "valloc",
			 "pvalloc", "posix_memalign", "reallocarray");
	assert_sound(&libc);
	assert_true(site->placement.emulated);
	assert_true(site->placement.address > site->address);
	assert_true(find(libc.plan, "malloc")->placement.emulated);
	assert_true(find(libc.plan, "realloc")->placement.emulated);
	assert_true(find(libc.plan, "calloc")->placement.emulated);
	assert_true(count_emulated(libc.plan) >= 7);
	close_module(libc);
}

static void test_jemalloc(void **state)
{
	struct module jemalloc = open_module(LIBRARIES "libjemalloc.so.2", &plain);

	(void)state;
	assert_string_equal(jemalloc.plan->allocator, "jemalloc");
	/* The rest of new and delete jumps to these. */
	ASSERT_FUNCTIONS(jemalloc.plan, "malloc", "free", "calloc", "realloc", "memalign",
			 "aligned_alloc", "posix_memalign", "valloc", "mallocx", "rallocx",
			 "dallocx", "sdallocx", "_Znwm", "_ZnwmRKSt9nothrow_t", "_ZdlPvm",
			 "_ZdaPvm");
	assert_sound(&jemalloc);
	assert_true(find(jemalloc.plan, "malloc")->placement.emulated);
	assert_true(find(jemalloc.plan, "free")->placement.emulated);
	assert_true(count_emulated(jemalloc.plan) >= 14);
	close_module(jemalloc);
}

static void test_tcmalloc(void **state)
{
	struct module tcmalloc = open_module(LIBRARIES "libtcmalloc_minimal.so.4", &plain);

	(void)state;
	assert_string_equal(tcmalloc.plan->allocator, "tcmalloc");
	/* new[] and delete[] are the same functions; tc_malloc and others too. */
	ASSERT_FUNCTIONS(tcmalloc.plan, "malloc", "free", "calloc", "realloc", "memalign",
			 "posix_memalign", "valloc", "pvalloc", "_Znwm", "_ZnwmRKSt9nothrow_t",
			 "_ZnwmSt11align_val_t", "_ZnwmSt11align_val_tRKSt9nothrow_t", "_ZdlPvm",
			 "_ZdlPvRKSt9nothrow_t", "_ZdlPvSt11align_val_t", "_ZdlPvmSt11align_val_t",
			 "_ZdlPvSt11align_val_tRKSt9nothrow_t");
	assert_sound(&tcmalloc);
	assert_true(find(tcmalloc.plan, "malloc")->placement.emulated);
	assert_true(find(tcmalloc.plan, "free")->placement.emulated);
	assert_true(count_emulated(tcmalloc.plan) >= 15);
	close_module(tcmalloc);
}

static void test_mimalloc(void **state)
{
	struct module mimalloc = open_module(LIBRARIES "libmimalloc.so.2", &plain);

	(void)state;
	assert_string_equal(mimalloc.plan->allocator, "mimalloc");
	assert_non_null(find(mimalloc.plan, "malloc"));
	assert_non_null(find(mimalloc.plan, "calloc"));
	assert_non_null(find(mimalloc.plan, "realloc"));
	assert_non_null(find(mimalloc.plan, "reallocf"));
	assert_non_null(find(mimalloc.plan, "posix_memalign"));
	assert_non_null(find(mimalloc.plan, "_Znwm"));
	assert_true(find(mimalloc.plan, "free")->placement.emulated);
	/* All other releases jump there, some by way of functions that have no row. */
	for (size_t i = 0; i < mimalloc.plan->count; i++)
		assert_true(mimalloc.plan->sites[i].probe.op != WIRE_RELEASE ||
			    strcmp(mimalloc.plan->sites[i].function, "free") == 0);
	assert_sound(&mimalloc);
	assert_true(count_emulated(mimalloc.plan) * 4 >= mimalloc.plan->count * 3);
	close_module(mimalloc);
}

static void test_musl(void **state)
{
	struct module musl = open_module(MUSL, &plain);

	(void)state;
	assert_string_equal(musl.plan->allocator, "musl");
	ASSERT_FUNCTIONS(musl.plan, "malloc", "free", "calloc", "realloc", "reallocarray",
			 "memalign", "aligned_alloc", "posix_memalign", "valloc");
	assert_sound(&musl);
	assert_true(find(musl.plan, "malloc")->placement.emulated);
	assert_true(find(musl.plan, "free")->placement.emulated);
	assert_true(count_emulated(musl.plan) >= 8);
	close_module(musl);
}

static void test_no_allocator(void **state)
{
	static const char *const paths[] = { LIBRARIES "libstdc++.so.6", LIBRARIES "libm.so.6",
					     LOADER };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct module module = open_module(paths[i], &plain);

		assert_empty(module.plan);
		close_module(module);
	}
}

static void test_at_entry(void **state)
{
	struct module libc = open_placed(LIBRARIES "libc.so.6", &plain, true);

	(void)state;
	for (size_t i = 0; i < libc.plan->count; i++)
		assert_int_equal(libc.plan->sites[i].placement.address,
				 libc.plan->sites[i].address);
	assert_int_equal(find(libc.plan, "free")->placement.reason, PLACE_ASKED);
	assert_false(find(libc.plan, "free")->placement.emulated);
	assert_true(find(libc.plan, "malloc")->placement.emulated);
	close_module(libc);
}

static void test_single_functions(void **state)
{
	static const char *const paths[] = { LOADER, MUSL };
	struct elf_file *file;
	uint64_t offset, start, size;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		offset = 0;
		assert_int_equal(elf_file_open(paths[i], &file), 0);
		assert_int_equal(symbol_plan_address(file, "_dl_debug_state", &offset), 0);
		assert_non_null(
			elf_file_code(file, elf_file_address_of(file, offset), &start, &size));
		assert_int_equal(symbol_plan_address(file, "no_such_function", &offset), -ENOENT);
		/* Data is no function. */
		assert_int_equal(
			symbol_plan_address(file, i ? "_dl_debug_addr" : "_r_debug", &offset),
			-ENOENT);
		elf_file_close(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glibc),	 cmocka_unit_test(test_jemalloc),
		cmocka_unit_test(test_tcmalloc), cmocka_unit_test(test_mimalloc),
		cmocka_unit_test(test_musl),	 cmocka_unit_test(test_no_allocator),
		cmocka_unit_test(test_at_entry), cmocka_unit_test(test_single_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
