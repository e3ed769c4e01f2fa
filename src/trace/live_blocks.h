/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The live blocks of one address space, as a look into its memory needs them. */
#ifndef LEAKTRACE_TRACE_LIVE_BLOCKS_H
#define LEAKTRACE_TRACE_LIVE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

struct block;
struct tracer;

/*
 * Heap blocks, and the handles of a user's kinds that are in none of them; by start, none
 * of which overlaps another, in an array to be freed. Returns 0 or -ENOMEM.
 */
int live_blocks_read(struct tracer *tracer, uint32_t space, struct block **blocks, size_t *count);

#endif
