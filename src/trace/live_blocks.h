/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live blocks of one address space, as a look into its memory needs them. */
#ifndef LEAKTRACE_TRACE_LIVE_BLOCKS_H
#define LEAKTRACE_TRACE_LIVE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

struct block;
struct proc_map;
struct tracer;

struct live_blocks {
	/*
	 * Heap blocks, and the handles of a user's kinds that are in none of them; by start,
	 * none of which overlaps another.
	 */
	struct block *blocks;
	size_t count;
	uint64_t *threads; /* handles of those neither joined nor detached */
	size_t thread_count;
};

/*
 * `maps`: all that the space has mapped. Returns 0 or -ENOMEM; `live` is to be cleared in any
 * case.
 */
int live_blocks_read(struct live_blocks *live, struct tracer *tracer, uint32_t space,
		     const struct proc_map *maps, size_t map_count);
void live_blocks_clear(struct live_blocks *live);

#endif
