/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * glibc's malloc keeps its main arena in its own data: addresses of free chunks, which are
 * no pointers of the program's. Found by its shape, as symbols are often stripped.
 */
#ifndef LEAKTRACE_MEMORY_ARENA_H
#define LEAKTRACE_MEMORY_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* Where the main arena is, 0: not in this memory. */
uint64_t arena_find(uint64_t address, const uint64_t *words, size_t count);
/* Overwrites arenas in a copy of the memory at `address` with zeros. */
void arena_clear(uint64_t address, uint64_t *words, size_t count);

#endif
