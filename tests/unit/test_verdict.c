/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts and their reasons. */
#include "fixture.h"

#include "analyze/findings.h"
#include "analyze/gate.h"
#include "analyze/verdict.h"

static const struct finding_filter everything = { .classes = CLASSES_ALL };

static struct process *unmeasured(struct snapshot *snapshot, uint32_t pid, const char *reason)
{
	struct process *process = fixture_process(snapshot, pid, "demo");

	process->measured = false;
	process->unmeasured_reason = strings_intern(snapshot->strings, reason);
	return process;
}

static void test_measured_gives_none(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct findings *findings;
	struct verdict *verdict;

	(void)state;
	fixture_process(snapshot, 1, "demo");
	unmeasured(snapshot, 2, "a Go program");
	snapshot->losses[LOSS_COLLISIONS] = 3;
	findings = findings_new(snapshot, &everything);
	verdict = verdict_new(findings, NULL);
	assert_int_equal(verdict->word, VERDICT_NONE);
	assert_int_equal(verdict->reason_count, 0);
	verdict_free(verdict);
	verdict_free(NULL);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_causes_are_counted_apart(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct findings *findings;
	struct verdict *verdict;

	(void)state;
	unmeasured(snapshot, 1, "a Go program");
	unmeasured(snapshot, 2, "a 32-bit program");
	unmeasured(snapshot, 3, "a Go program");
	findings = findings_new(snapshot, &everything);
	verdict = verdict_new(findings, NULL);
	assert_int_equal(verdict->word, VERDICT_UNMEASURED);
	assert_int_equal(verdict->reason_count, 2);
	assert_string_equal(verdict->reasons[0].id, "no-allocator");
	assert_string_equal(verdict->reasons[0].text, "a Go program");
	assert_int_equal(verdict->reasons[0].value, 2);
	assert_string_equal(verdict->reasons[1].text, "a 32-bit program");
	assert_int_equal(verdict->reasons[1].value, 1);
	verdict_free(verdict);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_replaced_image_does_not_count(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct findings *findings;
	struct verdict *verdict;

	(void)state;
	fixture_process(snapshot, 1, "sh")->end = PROCESS_EXECED;
	unmeasured(snapshot, 1, "a Go program");
	findings = findings_new(snapshot, &everything);
	verdict = verdict_new(findings, NULL);
	assert_int_equal(verdict->word, VERDICT_UNMEASURED);
	assert_int_equal(verdict->reason_count, 1);
	verdict_free(verdict);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_no_process(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct findings *findings = findings_new(snapshot, &everything);
	struct verdict *verdict = verdict_new(findings, NULL);

	(void)state;
	assert_int_equal(verdict->word, VERDICT_UNMEASURED);
	assert_string_equal(verdict->reasons[0].id, "no-process");
	verdict_free(verdict);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_spoiling_losses_are_reasons(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct findings *findings;
	struct verdict *verdict;

	(void)state;
	fixture_process(snapshot, 1, "demo");
	snapshot->losses[LOSS_EVENTS] = 12;
	findings = findings_new(snapshot, &everything);
	verdict = verdict_new(findings, NULL);
	assert_int_equal(verdict->word, VERDICT_NONE);
	assert_int_equal(verdict->reason_count, 1);
	assert_string_equal(verdict->reasons[0].id, "events_dropped");
	assert_int_equal(verdict->reasons[0].value, 12);
	verdict_free(verdict);
	findings_free(findings);
	snapshot_free(snapshot);
}

/* ---- under a gate ------------------------------------------------------------------ */

/* 3 blocks of 100 bytes definitely lost, 1 of 50 reachable; heap and descriptors are traced. */
static struct snapshot *gated(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1, "demo");
	uint32_t stack = fixture_stack(snapshot, process, FRAMES(FRAME("leak", 4, "/bin/demo")));

	process->measured = true;
	process->scan.state = SCAN_DONE;
	fixture_site(process, stack, 3, 100, 0)->leak_class = CLASS_DEFINITE;
	fixture_site(process, stack, 1, 50, 0)->leak_class = CLASS_REACHABLE;
	snapshot->traced[KIND_FD] = true;
	return snapshot;
}

static enum verdict_word judge(struct snapshot *snapshot, const struct gate *gate,
			       const char *first_reason)
{
	struct findings *findings = findings_new(snapshot, &everything);
	struct verdict *verdict = verdict_new(findings, gate);
	enum verdict_word word = verdict->word;

	if (first_reason)
		assert_string_equal(verdict->reasons[0].id, first_reason);
	else
		assert_int_equal(verdict->reason_count, 0);
	verdict_free(verdict);
	findings_free(findings);
	return word;
}

static void test_rules(void **state)
{
	static const struct {
		struct gate_rule rule;
		enum verdict_word word;
	} rows[] = {
		{ { "heap", 1U << CLASS_DEFINITE, false, { 0 } }, VERDICT_LEAK },
		{ { "heap", 1U << CLASS_POSSIBLE, false, { 0 } }, VERDICT_CLEAN },
		{ { "heap", CLASSES_ALL, true, { true, false, 4, 0 } }, VERDICT_CLEAN },
		{ { "heap", CLASSES_ALL, true, { true, false, 3, 0 } }, VERDICT_LEAK },
		{ { "heap", CLASSES_ALL, true, { false, true, 0, 350 } }, VERDICT_CLEAN },
		{ { "heap", CLASSES_ALL, true, { false, true, 0, 349 } }, VERDICT_LEAK },
		{ { "fd", CLASSES_ALL, true, { 0 } }, VERDICT_CLEAN },
		{ { "other", CLASSES_ALL, true, { 0 } }, VERDICT_CLEAN },
	};
	struct snapshot *snapshot = gated();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gate_rule rule = rows[i].rule;
		const struct gate gate = { .rules = &rule, .rule_count = 1 };

		assert_int_equal(
			judge(snapshot, &gate, rows[i].word == VERDICT_LEAK ? "leak" : NULL),
			rows[i].word);
	}
	snapshot_free(snapshot);
}

static void test_rules_for_all_kinds(void **state)
{
	struct snapshot *snapshot = gated();
	struct gate gate = { 0 };

	(void)state;
	assert_int_equal(gate_add_all(&gate, snapshot), 0);
	assert_int_equal(gate.rule_count, 2);
	assert_string_equal(gate.rules[0].kind, "heap");
	assert_string_equal(gate.rules[1].kind, "fd");
	assert_int_equal(judge(snapshot, &gate, "leak"), VERDICT_LEAK);
	gate_clear(&gate);
	snapshot_free(snapshot);
}

static void test_what_is_known_is_no_leak(void **state)
{
	struct gate_rule rule = { "heap", 1U << CLASS_DEFINITE, false, { 0 } };
	const struct gate gate = { .rules = &rule, .rule_count = 1 };
	struct snapshot *snapshot = gated();
	struct findings *findings = findings_new(snapshot, &everything);
	struct finding *finding = &findings->processes[0].findings[0];
	struct verdict *verdict;

	(void)state;
	finding->known_count = 2;
	finding->known_bytes = 200;
	verdict = verdict_new(findings, &gate);
	assert_int_equal(verdict->word, VERDICT_LEAK);
	assert_int_equal(verdict->reasons[0].value, 1);
	assert_int_equal(verdict->reasons[0].bytes, 100);
	assert_int_equal(verdict->leak_count, 1);
	assert_ptr_equal(verdict->leaks[0].finding, finding);
	verdict_free(verdict);
	finding->known_count = 3;
	finding->known_bytes = 300;
	verdict = verdict_new(findings, &gate);
	assert_int_equal(verdict->word, VERDICT_CLEAN);
	assert_int_equal(verdict->leak_count, 0);
	verdict_free(verdict);
	findings_free(findings);
	snapshot_free(snapshot);
}

static void test_nothing_is_clean_that_is_not_known(void **state)
{
	struct gate_rule rule = { "fd", CLASSES_ALL, false, { 0 } };
	const struct gate gate = { .rules = &rule, .rule_count = 1 };
	struct snapshot *snapshot = gated();

	(void)state;
	assert_int_equal(judge(snapshot, &gate, NULL), VERDICT_CLEAN);
	snapshot->losses[LOSS_EVENTS] = 1;
	assert_int_equal(judge(snapshot, &gate, "events_dropped"), VERDICT_UNMEASURED);
	snapshot->losses[LOSS_EVENTS] = 0;
	unmeasured(snapshot, 2, "a Go program");
	assert_int_equal(judge(snapshot, &gate, "no-allocator"), VERDICT_UNMEASURED);
	snapshot_free(snapshot);
}

static void test_unclassified_is_not_clean(void **state)
{
	struct gate_rule rule = { "heap", 1U << CLASS_POSSIBLE, false, { 0 } };
	const struct gate gate = { .rules = &rule, .rule_count = 1 };
	struct snapshot *snapshot = gated();

	(void)state;
	snapshot->processes[0].scan.state = SCAN_FAILED;
	snapshot->processes[0].sites[0].leak_class = CLASS_UNCLASSIFIED;
	assert_int_equal(judge(snapshot, &gate, "unclassified"), VERDICT_UNMEASURED);
	rule.any = true;
	assert_int_equal(judge(snapshot, &gate, "leak"), VERDICT_LEAK);
	/* What was acquired after the look is no part of the moment that is judged. */
	rule.any = false;
	snapshot->processes[0].scan.state = SCAN_DONE;
	assert_int_equal(judge(snapshot, &gate, NULL), VERDICT_CLEAN);
	snapshot_free(snapshot);
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(verdict_word_name(VERDICT_NONE), "none");
	assert_string_equal(verdict_word_name(VERDICT_CLEAN), "clean");
	assert_string_equal(verdict_word_name(VERDICT_LEAK), "leak");
	assert_string_equal(verdict_word_name(VERDICT_UNMEASURED), "unmeasured");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_measured_gives_none),
		cmocka_unit_test(test_causes_are_counted_apart),
		cmocka_unit_test(test_replaced_image_does_not_count),
		cmocka_unit_test(test_no_process),
		cmocka_unit_test(test_spoiling_losses_are_reasons),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_for_all_kinds),
		cmocka_unit_test(test_what_is_known_is_no_leak),
		cmocka_unit_test(test_nothing_is_clean_that_is_not_known),
		cmocka_unit_test(test_unclassified_is_not_clean),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
