/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs held against each other: by names, not by addresses and lines. */
#include "fixture.h"

#include "analyze/baseline.h"
#include "analyze/findings.h"

static const struct finding_filter everything = { .classes = CLASSES_ALL };

static void add(struct snapshot *snapshot, struct process *process, const char *function,
		uint32_t line, size_t count)
{
	uint32_t stack = fixture_stack(
		snapshot, process,
		FRAMES(FRAME_AT(function, line * 4, "/bin/demo", "demo.c", line, false),
		       FRAME("main", 9, "/bin/demo")));

	fixture_site(process, stack, count, 10, 0);
}

struct runs {
	struct snapshot *old_snapshot, *new_snapshot;
	struct findings *old_findings, *new_findings;
	struct baseline old_run, new_run;
};

static void compare(struct runs *runs)
{
	runs->old_findings = findings_new(runs->old_snapshot, &everything);
	runs->new_findings = findings_new(runs->new_snapshot, &everything);
	assert_int_equal(baseline_fill(&runs->old_run, runs->old_findings), 0);
	assert_int_equal(baseline_fill(&runs->new_run, runs->new_findings), 0);
}

static void end(struct runs *runs)
{
	baseline_clear(&runs->old_run);
	baseline_clear(&runs->new_run);
	findings_free(runs->old_findings);
	findings_free(runs->new_findings);
	snapshot_free(runs->old_snapshot);
	snapshot_free(runs->new_snapshot);
}

static void begin(struct runs *runs)
{
	*runs = (struct runs){ .old_snapshot = fixture_snapshot(),
			       .new_snapshot = fixture_snapshot() };
}

static void test_differences(void **state)
{
	static const struct {
		enum change change;
		const char *function;
		uint64_t old_count, new_count;
	} expected[] = {
		{ CHANGE_NEW, "fresh", 0, 4 },
		{ CHANGE_GROWN, "grows", 2, 5 },
		{ CHANGE_SHRUNK, "shrinks", 5, 1 },
		{ CHANGE_GONE, "gone", 3, 0 },
	};
	struct differences differences;
	struct process *process;
	struct runs runs;

	(void)state;
	begin(&runs);
	process = fixture_process(runs.old_snapshot, 1, "demo");
	add(runs.old_snapshot, process, "same", 10, 7);
	add(runs.old_snapshot, process, "grows", 20, 2);
	add(runs.old_snapshot, process, "shrinks", 30, 5);
	add(runs.old_snapshot, process, "gone", 40, 3);
	/* Another process id, other lines. */
	process = fixture_process(runs.new_snapshot, 99, "demo");
	add(runs.new_snapshot, process, "same", 110, 7);
	add(runs.new_snapshot, process, "grows", 120, 5);
	add(runs.new_snapshot, process, "shrinks", 130, 1);
	add(runs.new_snapshot, process, "fresh", 140, 4);
	compare(&runs);
	assert_int_equal(differences_find(&differences, &runs.old_run, &runs.new_run), 0);
	assert_int_equal(differences.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(differences.all[i].change, expected[i].change);
		assert_string_equal(differences.all[i].finding->frames[0].function,
				    expected[i].function);
		assert_int_equal(differences.all[i].old_count, expected[i].old_count);
		assert_int_equal(differences.all[i].new_count, expected[i].new_count);
		assert_int_equal(differences.all[i].new_bytes, expected[i].new_count * 10);
	}
	differences_clear(&differences);
	end(&runs);
}

static void test_what_is_known_is_of_one_process(void **state)
{
	struct process_findings *result;
	struct process *process;
	struct runs runs;

	(void)state;
	begin(&runs);
	/* Two processes, 2 and 3 blocks, by two lines of one function. */
	process = fixture_process(runs.old_snapshot, 1, "demo");
	add(runs.old_snapshot, process, "leak", 10, 2);
	process = fixture_process(runs.old_snapshot, 2, "demo");
	add(runs.old_snapshot, process, "leak", 10, 1);
	add(runs.old_snapshot, process, "leak", 11, 2);
	process = fixture_process(runs.old_snapshot, 3, "other");
	add(runs.old_snapshot, process, "leak", 10, 50);
	process = fixture_process(runs.new_snapshot, 7, "demo");
	add(runs.new_snapshot, process, "leak", 10, 2);
	add(runs.new_snapshot, process, "leak", 12, 2);
	add(runs.new_snapshot, process, "fresh", 14, 1);
	process = fixture_process(runs.new_snapshot, 8, "demo");
	add(runs.new_snapshot, process, "leak", 13, 3);
	compare(&runs);
	for (int again = 0; again < 2; again++) {
		uint64_t known = 0;

		assert_int_equal(baseline_apply(&runs.old_run, runs.new_findings), 0);
		result = &runs.new_findings->processes[0];
		for (size_t i = 0; i < result->finding_count; i++) {
			known += result->findings[i].known_count;
			if (!strcmp(result->findings[i].frames[0].function, "fresh"))
				assert_int_equal(result->findings[i].known_count, 0);
		}
		assert_int_equal(known, 3);
		result = &runs.new_findings->processes[1];
		assert_int_equal(result->findings[0].known_count, 3);
		assert_int_equal(result->findings[0].known_bytes, 30);
	}
	end(&runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_what_is_known_is_of_one_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
