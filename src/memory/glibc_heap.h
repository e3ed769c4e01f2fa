/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Free memory of glibc's malloc. Of a process that was not traced from its start we do not
 * know which memory is in blocks: all of it is a root, and what was freed in it would hold
 * blocks by pointers that nobody has any more. The allocator's own books tell it apart.
 */
#ifndef LEAKTRACE_MEMORY_GLIBC_HEAP_H
#define LEAKTRACE_MEMORY_GLIBC_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct area;
struct graph;
struct reader;

struct glibc_heap {
	uint64_t key;	/* in each chunk of a thread's cache; 0: unknown */
	uint64_t *fast; /* chunks of fastbins, in order of address */
	size_t fast_count;
	uint64_t chunk; /* the next one; 0: in no heap */
	uint64_t next;	/* where the area ends that was last looked at */
	uint64_t end;	/* of the heap */
};

/* Looks for the allocator's books in all areas. What is not found is not known. */
void glibc_heap_find(struct glibc_heap *heap, struct reader *reader, const struct area *areas,
		     size_t count);
void glibc_heap_clear(struct glibc_heap *heap);

/* Areas come in order of address. */
void glibc_heap_enter(struct glibc_heap *heap, struct reader *reader, const struct area *area);
/* Overwrites what is free of the memory at `address` with zeros, but nothing of a block. */
void glibc_heap_wipe(struct glibc_heap *heap, struct reader *reader, const struct graph *graph,
		     uint64_t address, uint64_t *words, size_t count);

#endif
