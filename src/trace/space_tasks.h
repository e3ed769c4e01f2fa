/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads of one process that a thread library made, by the library's handle
 * (pthread_t: the thread pointer, in glibc and musl). A handle is used again once
 * its thread is gone: the latest thread counts.
 */
#ifndef LEAKTRACE_TRACE_SPACE_TASKS_H
#define LEAKTRACE_TRACE_SPACE_TASKS_H

#include <stdbool.h>

#include "util/hash.h"
#include "wire.h"

struct space_task {
	uint64_t handle;
	uint64_t tag; /* of the stack that made it */
	uint32_t check;
	uint32_t tid;
	uint64_t began_ns; /* CLOCK_MONOTONIC */
	bool is_reported;  /* in the collection under way */
	uint64_t looked;   /* the last look at live resources that found it, see sample_walk.c */
	enum wire_task_state state;
	char comm[16];
	UT_hash_handle hh;
};

struct space_tasks {
	struct space_task *by_handle;
};

/* Returns 0 or -ENOMEM. */
int space_tasks_event(struct space_tasks *tasks, const struct wire_event_task *event);
void space_tasks_clear(struct space_tasks *tasks);
/* NULL: unknown. */
struct space_task *space_tasks_find(const struct space_tasks *tasks, uint64_t handle);

#endif
