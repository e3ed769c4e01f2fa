/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/space_tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct space_task *space_tasks_find(const struct space_tasks *tasks, uint64_t handle)
{
	struct space_task *task;

	HASH_FIND(hh, tasks->by_handle, &handle, sizeof(handle), task);
	return task;
}

static int began(struct space_tasks *tasks, const struct wire_event_task *event)
{
	struct space_task *task;

	HASH_FIND(hh, tasks->by_handle, &event->handle, sizeof(event->handle), task);
	if (!task) {
		task = calloc(1, sizeof(*task));
		if (!task)
			return -ENOMEM;
		task->handle = event->handle;
		HASH_ADD(hh, tasks->by_handle, handle, sizeof(task->handle), task);
		if (!hash_has(task)) {
			free(task);
			return -ENOMEM;
		}
	}
	task->tid = event->tid;
	task->tag = event->tag;
	task->check = event->check;
	task->began_ns = event->head.time_ns;
	task->state = WIRE_TASK_BEGAN;
	memcpy(task->comm, event->comm, sizeof(task->comm));
	return 0;
}

/*
 * By its id, when the kernel has no thread pointer of it any more: so it was with one end of some
 * thousands on Linux 6.1, emulated.
 */
static struct space_task *find_ended(struct space_tasks *tasks, const struct wire_event_task *event)
{
	struct space_task *task = space_tasks_find(tasks, event->handle), *next;

	if (event->handle)
		return task && task->tid == event->tid ? task : NULL;
	HASH_ITER(hh, tasks->by_handle, task, next)
	{
		/* Ids come again; one that has ended before is another. */
		if (task->tid == event->tid && task->state == WIRE_TASK_BEGAN)
			break;
	}
	return task;
}

int space_tasks_event(struct space_tasks *tasks, const struct wire_event_task *event)
{
	struct space_task *task;

	if (event->state == WIRE_TASK_BEGAN)
		return began(tasks, event);
	if (event->state == WIRE_TASK_JOINED) {
		task = space_tasks_find(tasks, event->handle);
		/* Not one that has the handle since. */
		if (task && task->began_ns < event->head.time_ns)
			task->state = WIRE_TASK_ENDED;
		return 0;
	}
	task = find_ended(tasks, event);
	if (!task || task->state == WIRE_TASK_ENDED)
		return 0;
	task->state = (enum wire_task_state)event->state;
	memcpy(task->comm, event->comm, sizeof(task->comm));
	return 0;
}

void space_tasks_clear(struct space_tasks *tasks)
{
	struct space_task *task, *next;

	HASH_ITER(hh, tasks->by_handle, task, next)
	{
		HASH_DEL(tasks->by_handle, task);
		free(task);
	}
}
