/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of address spaces, shared by processes.c (life) and collect.c (reading). */
#ifndef LEAKTRACE_TRACE_SPACE_H
#define LEAKTRACE_TRACE_SPACE_H

#include <uthash.h>

#include "trace/processes.h"

/* A stack of one space, by content; the kernel may know it under several tags. */
struct space_stack {
	uint32_t index;		   /* in the process's stacks */
	uint32_t site[KIND_COUNT]; /* in the process's sites, of the collection under way */
	UT_hash_handle hh;
	uint32_t depth;
	uint32_t generation; /* the key is from here on */
	uint64_t ips[];
};

struct stack_tag {
	uint64_t tag;
	uint32_t check;
	uint32_t unused;
};

struct space_tag {
	struct stack_tag key;
	struct space_stack *stack;
	UT_hash_handle hh;
};

struct space {
	uint32_t number;
	uint32_t pid;
	size_t index; /* in the snapshot's processes */
	bool ended;
	uint32_t generation; /* of its code */
	struct space_stack *stacks;
	struct space_tag *tags;
	uint32_t site_without_stack[KIND_COUNT];
	UT_hash_handle hh;
};

struct processes {
	struct snapshot *snapshot;
	uint64_t start_ns;
	struct space *spaces; /* those not yet collected for good */
	size_t running;
	size_t ended;
	uint64_t max_stacks;
	uint64_t stacks;      /* kept, of all spaces */
	uint64_t lost_stacks; /* not kept, for `max_stacks` */
};

#define NO_SITE UINT32_MAX

/* NULL when unknown. */
struct space *space_find(const struct processes *processes, uint32_t number);
struct process *space_process(const struct processes *processes, const struct space *space);
/* Ends the user side of a space; its process stays in the snapshot. */
void space_drop(struct processes *processes, struct space *space);

#endif
