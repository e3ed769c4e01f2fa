/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a live resource is to its process: one row each. */
#ifndef LEAKTRACE_MODEL_ROLE_H
#define LEAKTRACE_MODEL_ROLE_H

#include <stdbool.h>

enum role {
	ROLE_HELD,	   /* acquired by the program, not released */
	ROLE_ALLOCATOR,	   /* mapping: taken by an allocator, for blocks */
	ROLE_THREAD_STACK, /* mapping: taken by the thread library */
	ROLE_LINKER,	   /* mapping: taken by the dynamic linker, for libraries */
	ROLE_STANDARD,	   /* descriptor 0, 1 or 2 */
	ROLE_INHERITED,	   /* descriptor: open since fork or exec */
	ROLE_BEFORE,	   /* descriptor: open since before the trace */
	ROLE_UNSEEN,	   /* descriptor: found open, its opening was not seen */
	ROLE_RUNNING,	   /* thread: still running */
	ROLE_UNJOINED,	   /* thread: has ended, was neither joined nor detached */
	ROLE_COUNT,
};

struct role_info {
	const char *name; /* in JSON */
	const char *text; /* completes "3 mappings ..." */
	bool is_leak;	  /* counts among what was acquired and never given back */
};

extern const struct role_info role_table[ROLE_COUNT];

#endif
