/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings: merging, leaving off, filtering, sorting. */
#include "fixture.h"

#include "analyze/findings.h"

struct fixture {
	struct snapshot *snapshot;
	struct process *process;
	struct findings *findings;
	struct finding_filter filter;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->snapshot = fixture_snapshot();
	fixture->process = fixture_process(fixture->snapshot, 7, "demo");
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	findings_free(fixture->findings);
	snapshot_free(fixture->snapshot);
	free(fixture);
	return 0;
}

static const struct process_findings *find(struct fixture *fixture)
{
	findings_free(fixture->findings);
	fixture->findings = findings_new(fixture->snapshot, &fixture->filter);
	assert_non_null(fixture->findings);
	return &fixture->findings->processes[0];
}

/* One call site in `function`. */
static struct site *add_site(struct fixture *fixture, const char *function, size_t count,
			     uint64_t size, uint64_t born_ns)
{
	uint32_t stack = fixture_stack(fixture->snapshot, fixture->process,
				       FRAMES(FRAME(function, 4, "/bin/demo")));

	return fixture_site(fixture->process, stack, count, size, born_ns);
}

static const char *function_of(const struct process_findings *result, size_t i)
{
	return result->findings[i].frames[0].function;
}

static void test_equal_stacks_merge(void **state)
{
	struct fixture *fixture = *state;
	const struct process_findings *result;
	const struct finding *finding;

	add_site(fixture, "leak", 2, 100, 5 * SECOND_NS)->lost_count = 3;
	add_site(fixture, "other", 1, 30, 0);
	add_site(fixture, "leak", 1, 50, 2 * SECOND_NS)->lost_count = 4;
	result = find(fixture);
	assert_int_equal(result->finding_count, 2);
	finding = &result->findings[0];
	assert_string_equal(finding->frames[0].function, "leak");
	assert_int_equal(finding->site_count, 2);
	assert_ptr_equal(finding->site, &fixture->process->sites[0]);
	assert_ptr_equal(finding->sites[1], &fixture->process->sites[2]);
	assert_int_equal(finding->live_count, 3);
	assert_int_equal(finding->live_bytes, 250);
	assert_int_equal(finding->acquired_count, 7);
	assert_int_equal(finding->acquired_bytes, 550);
	assert_int_equal(finding->lost_count, 7);
	assert_int_equal(finding->first_ns, 2 * SECOND_NS);
	assert_int_equal(finding->last_ns, 6 * SECOND_NS);
	assert_int_equal(finding->oldest_age_ns, 8 * SECOND_NS);
	assert_int_equal(finding->newest_age_ns, 4 * SECOND_NS);
	assert_true(finding->share > 0.892 && finding->share < 0.893);
	assert_int_equal(result->totals[KIND_HEAP].site_count, 2);
	assert_int_equal(result->totals[KIND_HEAP].live_count, 4);
	assert_int_equal(result->totals[KIND_HEAP].live_bytes, 280);
}

static void test_one_cut_off_stack_marks_the_finding(void **state)
{
	struct fixture *fixture = *state;

	add_site(fixture, "leak", 1, 10, 0);
	add_site(fixture, "leak", 1, 10, 0);
	assert_false(find(fixture)->findings[0].truncated);
	fixture->process->stacks[1].truncated = true;
	assert_int_equal(find(fixture)->finding_count, 1);
	assert_true(find(fixture)->findings[0].truncated);
}

static void test_different_places_stay_apart(void **state)
{
	const struct fixture_frame *const stacks[] = {
		FRAMES(FRAME_AT("leak", 4, "/bin/demo", "a.c", 1, false)),
		FRAMES(FRAME_AT("leak", 8, "/bin/demo", "a.c", 1, false)),
		FRAMES(FRAME_AT("leak", 4, "/lib/other.so", "a.c", 1, false)),
		FRAMES(FRAME_AT("leak", 4, "/bin/demo", "a.c", 2, false)),
		FRAMES(FRAME_AT("leak", 4, "/bin/demo", "a.c", 1, true)),
		FRAMES(FRAME_AT("leak", 4, "/bin/demo", "a.c", 1, false),
		       FRAME("main", 1, "/bin/demo")),
		FRAMES(FRAME(NULL, 4, "/bin/demo")),
		FRAMES(FRAME(NULL, 8, "/bin/demo")),
	};
	struct fixture *fixture = *state;
	size_t count = sizeof(stacks) / sizeof(stacks[0]);

	for (size_t i = 0; i < 2 * count; i++)
		fixture_site(fixture->process,
			     fixture_stack(fixture->snapshot, fixture->process, stacks[i % count]),
			     1, 10, 0);
	assert_int_equal(find(fixture)->finding_count, count);
}

static void test_classes_stay_apart(void **state)
{
	struct fixture *fixture = *state;

	add_site(fixture, "leak", 1, 10, 0)->leak_class = CLASS_DEFINITE;
	add_site(fixture, "leak", 1, 10, 0)->leak_class = CLASS_REACHABLE;
	assert_int_equal(find(fixture)->finding_count, 2);
}

static void test_unnamed_frames_merge_by_module_address(void **state)
{
	struct fixture *fixture = *state;
	struct stack *stacks;

	for (int i = 0; i < 2; i++)
		fixture_site(fixture->process,
			     fixture_stack(fixture->snapshot, fixture->process,
					   FRAMES(FRAME(NULL, 0x44, "/bin/demo"))),
			     1, 10, 0);
	stacks = fixture->process->stacks;
	/* The same code, mapped at two places. */
	stacks[1].frames[0].ip += 0x10000;
	assert_int_equal(find(fixture)->finding_count, 1);
	/* Equal files under two names are one; different files under one name are two. */
	stacks[0].frames[0].build_id = strings_intern(fixture->snapshot->strings, "aa");
	stacks[1].frames[0].build_id = strings_intern(fixture->snapshot->strings, "aa");
	stacks[1].frames[0].module = strings_intern(fixture->snapshot->strings, "/copy");
	assert_int_equal(find(fixture)->finding_count, 1);
	stacks[1].frames[0].build_id = strings_intern(fixture->snapshot->strings, "bb");
	stacks[1].frames[0].module = stacks[0].frames[0].module;
	assert_int_equal(find(fixture)->finding_count, 2);
	/* Without a module only the address tells. */
	for (int i = 0; i < 2; i++) {
		stacks[i].frames[0].build_id = NULL;
		stacks[i].frames[0].module = NULL;
	}
	assert_int_equal(find(fixture)->finding_count, 2);
	stacks[1].frames[0].ip = stacks[0].frames[0].ip;
	assert_int_equal(find(fixture)->finding_count, 1);
}

static void test_allocator_frames_are_left_off(void **state)
{
	const struct fixture_frame *const stack =
		FRAMES(FRAME("__libc_calloc", 1, "/lib/libc.so.6"),
		       FRAME("operator new(unsigned long)", 1, "/lib/libstdc++.so.6"),
		       FRAME("leak", 4, "/bin/demo"), FRAME("malloc", 4, "/bin/demo"),
		       FRAME("main", 1, "/bin/demo"));
	struct fixture *fixture = *state;
	const struct finding *finding;

	fixture_site(fixture->process, fixture_stack(fixture->snapshot, fixture->process, stack), 1,
		     10, 0);
	finding = find(fixture)->findings;
	assert_int_equal(finding->frame_count, 3);
	assert_string_equal(finding->frames[0].function, "leak");
	assert_string_equal(finding->frames[1].function, "malloc");
}

static void test_a_stack_of_allocators_keeps_its_last(void **state)
{
	struct fixture *fixture = *state;
	uint32_t stack = fixture_stack(fixture->snapshot, fixture->process,
				       FRAMES(FRAME("malloc", 1, "/lib/libc.so.6"),
					      FRAME("realloc", 1, "/lib/libc.so.6")));

	fixture_site(fixture->process, stack, 1, 10, 0);
	fixture->process->stacks[stack].truncated = true;
	assert_int_equal(find(fixture)->findings[0].frame_count, 1);
	assert_string_equal(find(fixture)->findings[0].frames[0].function, "realloc");
	assert_true(find(fixture)->findings[0].truncated);
}

static void test_allocator_names(void **state)
{
	static const char *const yes[] = {
		"malloc",
		"calloc",
		"realloc",
		"memalign",
		"aligned_alloc",
		"posix_memalign",
		"reallocarray",
		"__libc_malloc",
		"__libc_memalign",
		"_Znwm",
		"_Znam",
		"_ZnwmSt11align_val_tRKSt9nothrow_t",
		"operator new(unsigned long)",
		"operator new[](unsigned long, std::nothrow_t const&)",
		"__rust_alloc",
		"__rdl_realloc",
		"je_malloc",
		"mi_new",
		"tc_newarray",
	};
	static const char *const no[] = {
		"strdup",
		"asprintf",
		"new",
		"xmalloc",
		"malloc_wrapper",
		"my_malloc",
		"Pool::operator new(unsigned long)",
		"operator newer",
		"getline",
		"main",
	};
	struct frame frame = { 0 };

	(void)state;
	assert_false(frame_is_allocator(&frame));
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		frame.function = yes[i];
		if (!frame_is_allocator(&frame))
			fail_msg("%s is no allocator", yes[i]);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		frame.function = no[i];
		if (frame_is_allocator(&frame))
			fail_msg("%s is an allocator", no[i]);
	}
}

static void test_unknown_call_sites_are_one(void **state)
{
	struct fixture *fixture = *state;
	const struct process_findings *result;

	fixture_site(fixture->process, SITE_NO_STACK, 1, 10, 0);
	fixture_site(fixture->process, SITE_NO_STACK, 2, 10, 0);
	result = find(fixture);
	assert_int_equal(result->finding_count, 1);
	assert_int_equal(result->findings[0].frame_count, 0);
	assert_int_equal(result->findings[0].live_count, 3);
}

static void test_filters_apply_to_single_resources(void **state)
{
	struct fixture *fixture = *state;
	const struct process_findings *result;

	/* Ages at the end, 10 s: 10, 9, 8 and 1 s. */
	add_site(fixture, "old", 3, 100, 0);
	add_site(fixture, "young", 1, 1000, 9 * SECOND_NS);
	fixture->filter.min_age_ns = 9 * SECOND_NS;
	result = find(fixture);
	assert_int_equal(result->finding_count, 1);
	assert_int_equal(result->findings[0].live_count, 2);
	assert_int_equal(result->findings[0].newest_age_ns, 9 * SECOND_NS);
	fixture->filter = (struct finding_filter){ .min_size = 101 };
	assert_string_equal(function_of(find(fixture), 0), "young");
	fixture->filter = (struct finding_filter){ .min_size = 100, .max_size = 100 };
	result = find(fixture);
	assert_int_equal(result->finding_count, 1);
	assert_string_equal(function_of(result, 0), "old");
	assert_true(result->findings[0].share == 1.0);
	fixture->filter = (struct finding_filter){ .min_size = 5000 };
	assert_int_equal(find(fixture)->finding_count, 0);
}

static struct site *add_of(struct fixture *fixture, const char *function, enum kind kind,
			   enum role role, size_t count, uint64_t size)
{
	struct site *site = add_site(fixture, function, count, size, 0);

	site->kind = kind;
	site->role = role;
	return site;
}

static void test_what_is_no_leak_stands_apart(void **state)
{
	struct fixture *fixture = *state;
	const struct process_findings *result;

	add_of(fixture, "map", KIND_MMAP, ROLE_HELD, 1, 4096);
	add_of(fixture, "map", KIND_MMAP, ROLE_LINKER, 3, 8192);
	add_of(fixture, "load", KIND_MMAP, ROLE_LINKER, 1, 100);
	add_of(fixture, "open", KIND_FD, ROLE_INHERITED, 2, 0);
	add_of(fixture, "start", KIND_THREAD, ROLE_UNJOINED, 1, 1 << 20);
	result = find(fixture);
	assert_int_equal(result->finding_count, 2);
	assert_int_equal(result->findings[0].site->kind, KIND_MMAP);
	assert_int_equal(result->findings[0].live_bytes, 4096);
	assert_true(result->findings[0].share == 1.0);
	assert_int_equal(result->findings[1].site->kind, KIND_THREAD);
	assert_int_equal(result->other_count, 3);
	assert_int_equal(result->totals[KIND_MMAP].live_bytes, 4096);
	assert_int_equal(result->totals[KIND_FD].site_count, 0);
}

static void test_kinds_come_in_order_and_are_cut_apart(void **state)
{
	struct fixture *fixture = *state;
	const struct process_findings *result;

	add_of(fixture, "open_a", KIND_FD, ROLE_HELD, 5, 0);
	add_of(fixture, "open_b", KIND_FD, ROLE_HELD, 9, 0);
	add_of(fixture, "block_a", KIND_HEAP, ROLE_HELD, 1, 10);
	add_of(fixture, "block_b", KIND_HEAP, ROLE_HELD, 1, 20);
	add_of(fixture, "block_c", KIND_HEAP, ROLE_HELD, 1, 30);
	fixture->filter.top = 1;
	result = find(fixture);
	assert_int_equal(result->finding_count, 2);
	assert_string_equal(function_of(result, 0), "block_c");
	assert_string_equal(function_of(result, 1), "open_b");
	assert_int_equal(result->hidden_count, 3);
	assert_int_equal(result->hidden_bytes, 30);
	/* Sizes filter what has a size. */
	fixture->filter = (struct finding_filter){ .min_size = 25 };
	result = find(fixture);
	assert_int_equal(result->finding_count, 3);
	assert_string_equal(function_of(result, 0), "block_c");
}

static void test_threads_that_grow(void **state)
{
	struct fixture *fixture = *state;
	struct site *site = add_of(fixture, "start", KIND_THREAD, ROLE_RUNNING, 3, 0);

	site->acquired_count = 3;
	for (int i = 0; i < 3; i++)
		site->live[i].born_ns = (2 + 3 * i) * SECOND_NS;
	assert_true(find(fixture)->findings[0].is_growing);
	/* One of them has ended. */
	site->acquired_count = 4;
	assert_false(find(fixture)->findings[0].is_growing);
	site->acquired_count = 3;
	/* All at the start. */
	site->live[1].born_ns = site->live[2].born_ns = 3 * SECOND_NS;
	assert_false(find(fixture)->findings[0].is_growing);
}

static void test_age_of_a_running_process_counts_to_the_sessions_end(void **state)
{
	struct fixture *fixture = *state;

	add_site(fixture, "leak", 1, 10, 4 * SECOND_NS);
	assert_int_equal(find(fixture)->findings[0].oldest_age_ns, 6 * SECOND_NS);
	fixture->process->end = PROCESS_RUNNING;
	assert_int_equal(find(fixture)->findings[0].oldest_age_ns, 16 * SECOND_NS);
	/* Clocks may be a tick apart: never a negative age. */
	fixture->process->sites[0].live[0].born_ns = 21 * SECOND_NS;
	assert_int_equal(find(fixture)->findings[0].oldest_age_ns, 0);
}

static void test_untracked_acquisitions_are_shown(void **state)
{
	struct fixture *fixture = *state;
	const struct process_findings *result;

	add_site(fixture, "clean", 0, 10, 0);
	add_site(fixture, "lost", 0, 10, 0)->lost_count = 5;
	result = find(fixture);
	assert_int_equal(result->finding_count, 1);
	assert_string_equal(function_of(result, 0), "lost");
	assert_int_equal(result->findings[0].lost_count, 5);
	assert_int_equal(result->totals[KIND_HEAP].site_count, 0);
}

static void test_replaced_image_has_no_findings(void **state)
{
	struct fixture *fixture = *state;

	add_site(fixture, "leak", 3, 10, 0);
	fixture->process->end = PROCESS_EXECED;
	assert_int_equal(find(fixture)->finding_count, 0);
}

static void test_sort_orders(void **state)
{
	static const struct {
		enum finding_sort sort;
		const char *order[3];
	} cases[] = {
		{ SORT_BYTES, { "big", "many", "old" } },
		{ SORT_COUNT, { "many", "big", "old" } },
		{ SORT_AGE, { "old", "many", "big" } },
	};
	struct fixture *fixture = *state;

	add_site(fixture, "many", 3, 100, 2 * SECOND_NS);
	add_site(fixture, "old", 1, 10, 0);
	add_site(fixture, "big", 1, 1000, 5 * SECOND_NS);
	for (size_t i = 0; i < 3; i++) {
		fixture->filter.sort = cases[i].sort;
		for (size_t j = 0; j < 3; j++)
			assert_string_equal(function_of(find(fixture), j), cases[i].order[j]);
	}
}

static void test_ties_are_settled_by_name(void **state)
{
	struct fixture *fixture = *state;

	add_site(fixture, "b", 1, 10, 0);
	add_site(fixture, "c", 1, 10, 0);
	add_site(fixture, "a", 1, 10, 0);
	for (int sort = SORT_BYTES; sort <= SORT_AGE; sort++) {
		fixture->filter.sort = sort;
		assert_string_equal(function_of(find(fixture), 0), "a");
		assert_string_equal(function_of(find(fixture), 1), "b");
		assert_string_equal(function_of(find(fixture), 2), "c");
	}
}

static void test_top_cuts_and_counts(void **state)
{
	struct fixture *fixture = *state;
	const struct process_findings *result;

	add_site(fixture, "a", 1, 100, 0);
	add_site(fixture, "b", 1, 30, 0);
	add_site(fixture, "c", 1, 20, 0);
	fixture->filter.top = 1;
	result = find(fixture);
	assert_int_equal(result->finding_count, 1);
	assert_string_equal(function_of(result, 0), "a");
	assert_int_equal(result->hidden_count, 2);
	assert_int_equal(result->hidden_bytes, 50);
	assert_int_equal(result->totals[KIND_HEAP].live_bytes, 150);
	fixture->filter.top = 0;
	assert_int_equal(find(fixture)->hidden_count, 0);
}

static void test_nothing_at_all(void **state)
{
	struct snapshot *empty = fixture_snapshot();
	struct finding_filter filter = { 0 };
	struct findings *findings = findings_new(empty, &filter);

	(void)state;
	assert_non_null(findings);
	assert_int_equal(findings->process_count, 0);
	findings_free(findings);
	findings_free(NULL);
	snapshot_free(empty);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_equal_stacks_merge),
		TEST(test_one_cut_off_stack_marks_the_finding),
		TEST(test_different_places_stay_apart),
		TEST(test_classes_stay_apart),
		TEST(test_unnamed_frames_merge_by_module_address),
		TEST(test_allocator_frames_are_left_off),
		TEST(test_a_stack_of_allocators_keeps_its_last),
		TEST(test_allocator_names),
		TEST(test_unknown_call_sites_are_one),
		TEST(test_filters_apply_to_single_resources),
		TEST(test_what_is_no_leak_stands_apart),
		TEST(test_kinds_come_in_order_and_are_cut_apart),
		TEST(test_threads_that_grow),
		TEST(test_age_of_a_running_process_counts_to_the_sessions_end),
		TEST(test_untracked_acquisitions_are_shown),
		TEST(test_replaced_image_has_no_findings),
		TEST(test_sort_orders),
		TEST(test_ties_are_settled_by_name),
		TEST(test_top_cuts_and_counts),
		TEST(test_nothing_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
