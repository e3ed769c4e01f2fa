/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/space_tasks.h"

static void send(struct space_tasks *tasks, enum wire_task_state state, uint32_t tid,
		 uint64_t handle, uint64_t time_ns)
{
	const struct wire_event_task event = {
		.head.time_ns = time_ns,
		.handle = handle,
		.tid = tid,
		.state = state,
		.comm = "worker",
	};

	assert_int_equal(space_tasks_event(tasks, &event), 0);
}

static enum wire_task_state state_of(const struct space_tasks *tasks, uint64_t handle)
{
	const struct space_task *task = space_tasks_find(tasks, handle);

	assert_non_null(task);
	return task->state;
}

static void test_ends(void **state)
{
	struct space_tasks tasks = { 0 };

	(void)state;
	for (uint32_t tid = 1; tid <= 4; tid++)
		send(&tasks, WIRE_TASK_BEGAN, tid, 0x1000 * tid, tid);
	send(&tasks, WIRE_TASK_ENDED, 2, 0x2000, 10);
	send(&tasks, WIRE_TASK_ENDED_WITH_ALL, 3, 0x3000, 10);
	/* No thread pointer, and nobody's. */
	send(&tasks, WIRE_TASK_ENDED, 4, 0, 10);
	send(&tasks, WIRE_TASK_ENDED, 5, 0, 10);
	send(&tasks, WIRE_TASK_ENDED, 6, 0x6000, 10);
	assert_int_equal(state_of(&tasks, 0x1000), WIRE_TASK_BEGAN);
	assert_int_equal(state_of(&tasks, 0x2000), WIRE_TASK_ENDED);
	assert_int_equal(state_of(&tasks, 0x3000), WIRE_TASK_ENDED_WITH_ALL);
	assert_int_equal(state_of(&tasks, 0x4000), WIRE_TASK_ENDED);
	assert_null(space_tasks_find(&tasks, 0));
	/* Another thread by an id that an ended one had. */
	send(&tasks, WIRE_TASK_BEGAN, 4, 0x5000, 11);
	send(&tasks, WIRE_TASK_ENDED, 4, 0, 12);
	assert_int_equal(state_of(&tasks, 0x5000), WIRE_TASK_ENDED);
	space_tasks_clear(&tasks);
	assert_null(space_tasks_find(&tasks, 0x1000));
}

/* What is told of the earlier one is not the later one's. */
static void test_handle_again(void **state)
{
	struct space_tasks tasks = { 0 };

	(void)state;
	send(&tasks, WIRE_TASK_BEGAN, 1, 0x1000, 1);
	send(&tasks, WIRE_TASK_JOINED, 0, 0x1000, 5);
	assert_int_equal(state_of(&tasks, 0x1000), WIRE_TASK_ENDED);
	send(&tasks, WIRE_TASK_BEGAN, 2, 0x1000, 6);
	send(&tasks, WIRE_TASK_ENDED, 1, 0x1000, 7);
	send(&tasks, WIRE_TASK_JOINED, 0, 0x1000, 5);
	assert_int_equal(state_of(&tasks, 0x1000), WIRE_TASK_BEGAN);
	assert_int_equal(space_tasks_find(&tasks, 0x1000)->tid, 2);
	space_tasks_clear(&tasks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_handle_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
