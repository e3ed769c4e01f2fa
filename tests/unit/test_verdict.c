/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts and their reasons. */
#include "fixture.h"

#include "analyze/verdict.h"

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
	struct verdict *verdict;

	(void)state;
	fixture_process(snapshot, 1, "demo");
	unmeasured(snapshot, 2, "a Go program");
	snapshot->losses[LOSS_COLLISIONS] = 3;
	verdict = verdict_new(snapshot);
	assert_int_equal(verdict->word, VERDICT_NONE);
	assert_int_equal(verdict->reason_count, 0);
	verdict_free(verdict);
	verdict_free(NULL);
	snapshot_free(snapshot);
}

static void test_causes_are_counted_apart(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct verdict *verdict;

	(void)state;
	unmeasured(snapshot, 1, "a Go program");
	unmeasured(snapshot, 2, "a 32-bit program");
	unmeasured(snapshot, 3, "a Go program");
	verdict = verdict_new(snapshot);
	assert_int_equal(verdict->word, VERDICT_UNMEASURED);
	assert_int_equal(verdict->reason_count, 2);
	assert_string_equal(verdict->reasons[0].id, "no-allocator");
	assert_string_equal(verdict->reasons[0].text, "a Go program");
	assert_int_equal(verdict->reasons[0].value, 2);
	assert_string_equal(verdict->reasons[1].text, "a 32-bit program");
	assert_int_equal(verdict->reasons[1].value, 1);
	verdict_free(verdict);
	snapshot_free(snapshot);
}

static void test_replaced_image_does_not_count(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct verdict *verdict;

	(void)state;
	fixture_process(snapshot, 1, "sh")->end = PROCESS_EXECED;
	unmeasured(snapshot, 1, "a Go program");
	verdict = verdict_new(snapshot);
	assert_int_equal(verdict->word, VERDICT_UNMEASURED);
	assert_int_equal(verdict->reason_count, 1);
	verdict_free(verdict);
	snapshot_free(snapshot);
}

static void test_no_process(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct verdict *verdict = verdict_new(snapshot);

	(void)state;
	assert_int_equal(verdict->word, VERDICT_UNMEASURED);
	assert_string_equal(verdict->reasons[0].id, "no-process");
	verdict_free(verdict);
	snapshot_free(snapshot);
}

static void test_spoiling_losses_are_reasons(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct verdict *verdict;

	(void)state;
	fixture_process(snapshot, 1, "demo");
	snapshot->losses[LOSS_EVENTS] = 12;
	verdict = verdict_new(snapshot);
	assert_int_equal(verdict->word, VERDICT_NONE);
	assert_int_equal(verdict->reason_count, 1);
	assert_string_equal(verdict->reasons[0].id, "events_dropped");
	assert_int_equal(verdict->reasons[0].value, 12);
	verdict_free(verdict);
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
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
