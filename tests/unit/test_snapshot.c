/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The snapshot's own functions: adding parts, their defaults, totals. */
#include "fixture.h"

static void test_defaults(void **state)
{
	struct snapshot *snapshot = snapshot_new();
	struct process *process = snapshot_add_process(snapshot);
	struct site *site = process_add_site(process);

	(void)state;
	assert_true(process->measured);
	assert_int_equal(process->end, PROCESS_RUNNING);
	assert_int_equal(site->stack, SITE_NO_STACK);
	assert_int_equal(site->leak_class, CLASS_UNCLASSIFIED);
	assert_int_equal(site->live_count, 0);
	snapshot_free(snapshot);
	snapshot_free(NULL);
}

static void test_stack_is_copied(void **state)
{
	struct snapshot *snapshot = snapshot_new();
	struct process *process = snapshot_add_process(snapshot);
	uint64_t ips[] = { 1, 2, 3 };
	struct stack *stack = process_add_stack(process, ips, 3);

	(void)state;
	ips[1] = 9;
	assert_int_equal(stack->depth, 3);
	assert_int_equal(stack->ips[1], 2);
	assert_null(stack->frames);
	assert_int_equal(process_add_stack(process, ips, 0)->depth, 0);
	snapshot_free(snapshot);
}

static void test_elements_survive_growth(void **state)
{
	struct snapshot *snapshot = snapshot_new();
	struct site *site = process_add_site(snapshot_add_process(snapshot));

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		site_add_resource(site)->id = i;
	assert_int_equal(site->live_count, 1000);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(site->live[i].id, i);
		assert_int_equal(site->live[i].size, 0);
	}
	snapshot_free(snapshot);
}

static void test_totals_are_sums(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1, "demo");
	struct totals *totals = &process->totals[KIND_HEAP];

	(void)state;
	fixture_site(process, SITE_NO_STACK, 3, 100, 0);
	fixture_site(process, SITE_NO_STACK, 1, 50, 0);
	process->totals[KIND_HEAP].acquired_count = 77;
	process_sum_totals(process, 0);
	assert_int_equal(totals->acquired_count, 3 + 2 + 1 + 2);
	assert_int_equal(totals->acquired_bytes, 500 + 150);
	assert_int_equal(totals->released_count, 4);
	assert_int_equal(totals->released_bytes, 300);
	assert_int_equal(totals->live_count, 4);
	assert_int_equal(totals->live_bytes, 350);
	snapshot_free(snapshot);
}

static void test_peak_is_kept_and_never_below_live(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1, "demo");
	struct totals *totals = &process->totals[KIND_HEAP];

	(void)state;
	fixture_site(process, SITE_NO_STACK, 3, 100, 0);
	totals->peak_bytes = 1000;
	process_sum_totals(process, 0);
	assert_int_equal(totals->peak_bytes, 1000);
	totals->peak_bytes = 10;
	process_sum_totals(process, 0);
	assert_int_equal(totals->peak_bytes, 300);
	snapshot_free(snapshot);
}

static void test_tables_are_complete(void **state)
{
	(void)state;
	for (int i = 0; i < CLASS_COUNT; i++)
		assert_non_null(leak_class_name(i));
	assert_string_equal(leak_class_name(CLASS_UNCLASSIFIED), "unclassified");
	for (int i = 0; i < ROLE_COUNT; i++) {
		assert_non_null(role_table[i].name);
		assert_non_null(role_table[i].text);
	}
	for (int i = 0; i < KIND_CUSTOM; i++) {
		assert_non_null(kind_table[i].name);
		assert_non_null(kind_table[i].noun);
		assert_non_null(kind_table[i].nouns);
		assert_non_null(kind_table[i].acquisitions);
		assert_non_null(kind_table[i].releases);
		assert_non_null(kind_table[i].id_name);
	}
	for (int i = 0; i < LOSS_COUNT; i++) {
		assert_non_null(loss_table[i].name);
		assert_non_null(loss_table[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_stack_is_copied),
		cmocka_unit_test(test_elements_survive_growth),
		cmocka_unit_test(test_totals_are_sums),
		cmocka_unit_test(test_peak_is_kept_and_never_below_live),
		cmocka_unit_test(test_tables_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
