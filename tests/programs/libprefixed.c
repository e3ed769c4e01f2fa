/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An allocator of its own under prefixed names, on memory of its own.
 */
#include <stddef.h>
#include <string.h>

void *je_malloc(size_t size);
void *je_calloc(size_t count, size_t size);
void *je_realloc(void *block, size_t size);
void je_free(void *block);

#define UNIT 16

static char arena[1 << 20] __attribute__((aligned(UNIT)));
static size_t arena_used;

/* Blocks are never used again: their sizes stand before them. */
void *je_malloc(size_t size)
{
	size_t bytes = (size + 2 * UNIT - 1) / UNIT * UNIT;
	char *block;

	if (bytes > sizeof(arena) - arena_used)
		return NULL;
	block = arena + arena_used + UNIT;
	memcpy(block - UNIT, &size, sizeof(size));
	arena_used += bytes;
	return block;
}

void *je_calloc(size_t count, size_t size)
{
	size_t bytes;
	void *block;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	block = je_malloc(bytes);
	return block ? memset(block, 0, bytes) : NULL;
}

void *je_realloc(void *block, size_t size)
{
	size_t old;
	void *moved = je_malloc(size);

	if (!block || !moved)
		return moved;
	memcpy(&old, (char *)block - UNIT, sizeof(old));
	memcpy(moved, block, old < size ? old : size);
	je_free(block);
	return moved;
}

void je_free(void *block)
{
	if (block)
		memset((char *)block - UNIT, 0xdd, UNIT);
}
