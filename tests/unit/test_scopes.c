/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growth by entry: what leaks with each, and what is kept, by rounds. */
#include "fixture.h"

#include <stdio.h>

#include "analyze/findings.h"
#include "analyze/scopes.h"

#define FIRST 10

static const uint64_t entries[] = { 10, 10, 20, 40, 80, 40 };
#define ROUNDS (sizeof(entries) / sizeof(entries[0]))

static bool grows(const uint64_t counts[ROUNDS])
{
	struct scope_amount amounts[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++)
		amounts[i] = (struct scope_amount){ counts[i], counts[i] * 16 };
	return scope_rounds_grow(entries, amounts, ROUNDS, FIRST);
}

static void test_in_proportion(void **state)
{
	static const uint64_t leaks[][ROUNDS] = {
		{ 10, 10, 20, 40, 80, 40 },			     /* one each */
		{ 30, 30, 60, 120, 240, 120 }, { 1, 1, 2, 4, 8, 4 }, /* every tenth */
		{ 0, 0, 10, 40, 80, 40 },			     /* from some entry on */
		{ 3, 4, 6, 15, 25, 13 },			     /* every third by chance */
		{ 10, 10, 20, 40, 80, 39 }, /* the last one is still in use */
		{ 0, 0, 0, 1, 2, 1 },	    /* every fortieth */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++)
		assert_true(grows(leaks[i]));
}

static void test_kept(void **state)
{
	static const uint64_t kept[][ROUNDS] = {
		{ 0 },
		{ 10, 10, 20, 24, 0, 0 },  /* a cache that is full */
		{ 10, 10, 20, 40, 51, 0 }, /* later */
		{ 0, 0, 1, 0, 0, 0 },	   /* a singleton */
		{ 0, 0, 0, 0, 1, 0 },	   /* a buffer that has grown last then */
		{ 0, 0, 0, 0, 0, 5 },	   /* a window of the latest */
		{ 0, 0, 0, 0, 60, 40 },	   /* a larger one */
		{ 1, 2, 5, 20, 60, 38 }, /* entries that are dropped by chance, old ones more so */
		{ 50, 0, 0, 0, 0, 0 },
		{ 0, 0, 0, 0, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_false(grows(kept[i]));
}

static void test_too_few_rounds(void **state)
{
	static const struct scope_amount amounts[] = { { 10, 0 }, { 10, 0 }, { 20, 0 }, { 4, 0 } };
	static const uint64_t few[] = { 10, 10, 20, 4 };

	(void)state;
	assert_false(scope_rounds_grow(few, amounts, 4, FIRST));
	assert_false(scope_rounds_grow(few, amounts, 1, FIRST));
	assert_true(scope_rounds_grow(few, amounts, 4, 8));
}

/* A process with one scope, whose entries each lose a block in `function`. */
static struct findings *find(struct snapshot *snapshot, bool is_call, const char *function)
{
	static const struct finding_filter filter = { .classes = CLASSES_ALL };
	struct process *process = fixture_process(snapshot, 1, "demo");
	struct scope *scope = process_add_scope(process);
	uint32_t stack = fixture_stack(
		snapshot, process, FRAMES(FRAME("lose", 4, "/demo"), FRAME(function, 4, "/demo")));

	snapshot->rounds = (struct scope_rounds){ 10, FIRST, 10 };
	*scope = (struct scope){ strings_intern(snapshot->strings, "work"), 7, is_call, 200 };
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct site *site = fixture_site(process, stack, entries[round], 16, 0);

		site->scope = 0;
		site->round = round;
	}
	/* Outside. */
	fixture_site(process, stack, 5, 16, 0);
	return findings_new(snapshot, &filter);
}

static void test_results(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct findings *findings = find(snapshot, true, "work");
	struct scope_results *results = scope_results_new(findings, NULL);
	const struct scope_result *result = &results->results[0];

	(void)state;
	assert_int_equal(results->count, 1);
	assert_int_equal(scope_entries_needed(&snapshot->rounds), 45);
	assert_int_equal(result->state, SCOPE_GROWS);
	assert_int_equal(result->round_count, ROUNDS);
	for (size_t i = 0; i < ROUNDS; i++) {
		assert_int_equal(result->entries[i], entries[i]);
		assert_int_equal(scope_round_sum(result, KIND_HEAP, i).count, entries[i]);
		assert_int_equal(scope_round_sum(result, KIND_FD, i).count, 0);
	}
	assert_int_equal(result->part_count, 1);
	assert_true(result->parts[0].grows);
	assert_true(result->parts[0].bytes_per_entry == 16);
	scope_results_free(results);
	scope_results_free(NULL);
	results = scope_results_new(findings, "work");
	assert_int_equal(results->count, 1);
	scope_results_free(results);
	results = scope_results_new(findings, "other");
	assert_int_equal(results->count, 0);
	scope_results_free(results);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_a_calls_function_is_on_the_stack(void **state)
{
	static const struct {
		bool is_call;
		const char *function;
		bool inside;
	} rows[] = {
		{ true, "work", true },	   { true, "work(int)", true }, { true, "work.cold", true },
		{ true, "worker", false }, { true, "rest", false },	{ false, "rest", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot *snapshot = fixture_snapshot();
		struct findings *findings = find(snapshot, rows[i].is_call, rows[i].function);
		struct scope_results *results = scope_results_new(findings, NULL);

		assert_int_equal(results->results[0].part_count, rows[i].inside);
		scope_results_free(results);
		findings_free(findings);
		snapshot_free(snapshot);
	}
}

/* What chance makes reachable of a call site's blocks is of the same growth, named or not. */
static void test_classes_of_a_call_site(void **state)
{
	static const char *const names[] = { "lose", NULL };
	static const struct finding_filter filter = { .classes = CLASSES_ALL };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct snapshot *snapshot = fixture_snapshot();
		struct process *process = fixture_process(snapshot, 1, "demo");
		struct scope *scope = process_add_scope(process);
		struct scope_results *results;
		struct findings *findings;
		uint32_t stack = fixture_stack(
			snapshot, process,
			FRAMES(FRAME(names[i], 4, "/demo"), FRAME("main", 4, "/demo")));

		snapshot->rounds = (struct scope_rounds){ 10, FIRST, 10 };
		*scope = (struct scope){ strings_intern(snapshot->strings, "work"), 7, false, 200 };
		for (uint32_t round = 0; round < ROUNDS; round++) {
			for (uint64_t stray = 0; stray < 2; stray++) {
				struct site *site = fixture_site(
					process, stack, stray ? 2 : entries[round] - 2, 16, 0);

				site->scope = 0;
				site->round = round;
				site->leak_class = stray ? CLASS_POSSIBLE : CLASS_DEFINITE;
			}
		}
		findings = findings_new(snapshot, &filter);
		assert_int_equal(findings->processes[0].finding_count, 2);
		results = scope_results_new(findings, NULL);
		assert_int_equal(results->results[0].part_count, 1);
		assert_true(results->results[0].parts[0].bytes_per_entry == 16);
		scope_results_free(results);
		findings_free(findings);
		snapshot_free(snapshot);
	}
}

/* Each stack of so many, and each scope, is looked at once: or this takes minutes. */
static void test_many_parts(void **state)
{
	static const struct finding_filter filter = { .classes = CLASSES_ALL };
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1, "demo");
	struct scope_results *results;
	struct findings *findings;
	char name[16];

	(void)state;
	snapshot->rounds = (struct scope_rounds){ 10, FIRST, 10 };
	for (int i = 0; i < 5000; i++) {
		struct scope *scope = process_add_scope(process);

		assert_non_null(scope);
		*scope = (struct scope){ strings_intern(snapshot->strings, "work"), 7, false, 200 };
	}
	for (uint32_t i = 0; i < 20000; i++) {
		struct site *site;

		snprintf(name, sizeof(name), "lose%u", i);
		site = fixture_site(
			process,
			fixture_stack(snapshot, process,
				      FRAMES(FRAME(name, 4, "/demo"), FRAME("main", 4, "/demo"))),
			1, 8, 0);
		site->scope = i % 4 ? 0 : i / 4;
	}
	findings = findings_new(snapshot, &filter);
	results = scope_results_new(findings, NULL);
	assert_non_null(results);
	assert_int_equal(results->count, 5000);
	assert_int_equal(results->results[0].part_count, 15001);
	assert_int_equal(results->results[4999].part_count, 1);
	scope_results_free(results);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_entries_by_round(void **state)
{
	static const struct {
		uint64_t all;
		uint64_t rounds[6];
	} rows[] = {
		{ 0, { 0 } },
		{ 7, { 7 } },
		{ 10, { 10 } },
		{ 11, { 10, 1 } },
		{ 40, { 10, 10, 20 } },
		{ 44, { 10, 10, 20, 4 } },
		{ 100000, { 10, 10, 20, 99960 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot *snapshot = fixture_snapshot();
		struct findings *findings = find(snapshot, false, "work");
		struct scope_results *results;

		snapshot->rounds.count = 3;
		snapshot->processes[0].scopes[0].entries = rows[i].all;
		results = scope_results_new(findings, NULL);
		for (size_t j = 0; j < 6; j++)
			assert_int_equal(results->results[0].entries[j], rows[i].rounds[j]);
		scope_results_free(results);
		findings_free(findings);
		snapshot_free(snapshot);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_proportion),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_too_few_rounds),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_a_calls_function_is_on_the_stack),
		cmocka_unit_test(test_classes_of_a_call_site),
		cmocka_unit_test(test_many_parts),
		cmocka_unit_test(test_entries_by_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
