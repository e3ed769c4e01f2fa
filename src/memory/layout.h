/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which parts of an address space a program has at hand: its roots. Plain data: from lists
 * of mappings, of what is known of them and of threads to a list of areas.
 */
#ifndef LEAKTRACE_MEMORY_LAYOUT_H
#define LEAKTRACE_MEMORY_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reach/graph.h"
#include "trace/space_ranges.h"

struct proc_map;
struct wire_thread;

struct layout_source {
	const struct proc_map *maps; /* in order of address */
	size_t map_count;
	const struct space_range *ranges; /* likewise */
	size_t range_count;
	const struct wire_thread *threads; /* `sp`: their stacks are in use from there up */
	size_t thread_count;
	/* The first thread has ended: its stack is in use from here up. 0: it has not. */
	uint64_t left_stack;
	/* An allocator's memory has blocks that we know nothing of: roots, as all else. */
	bool is_late;
};

struct area {
	uint64_t start;
	uint64_t end;
	uint64_t map_end;	    /* of the mapping that it is a part of */
	enum graph_outside outside; /* what it is, blocks aside */
	bool is_module;		    /* data of a file's: may hold the allocator's own */
	bool is_shared;
	bool is_break;	   /* the heap segment's beginning */
	bool may_be_stack; /* of a thread that has ended, if there is a thread's end */
};

/* Areas in order of address, in an array to be freed. Returns 0 or -ENOMEM. */
int layout_make(const struct layout_source *source, struct area **areas, size_t *count);

#endif
