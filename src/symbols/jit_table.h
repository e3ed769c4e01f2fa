/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that a just-in-time compiler wrote down. */
#ifndef LEAKTRACE_SYMBOLS_JIT_TABLE_H
#define LEAKTRACE_SYMBOLS_JIT_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct jit_table;

struct jit_function {
	const char *name; /* belongs to the table */
	uint64_t start;
};

/* Returns NULL when out of memory. */
struct jit_table *jit_table_new(void);
/* Takes NULL. */
void jit_table_free(struct jit_table *table);

/*
 * Adds what a file says, `size` bytes and a NUL after them; takes `bytes` (of
 * malloc) over, also on failure. Of two functions at one address the one added
 * later counts. What does not parse is left out. Returns 0 or -ENOMEM.
 *
 * A map has lines "START SIZE NAME": linux, tools/perf/Documentation/jit-interface.txt.
 * Of a dump the records of loaded code are read: jitdump-specification.txt, there.
 */
int jit_table_add_map(struct jit_table *table, char *bytes, size_t size);
int jit_table_add_dump(struct jit_table *table, char *bytes, size_t size);

/* Makes the table ready to be asked. Nothing may be added afterwards. */
void jit_table_sort(struct jit_table *table);

/* The function at an address. Returns 0 or -ENOENT. */
int jit_table_find(const struct jit_table *table, uint64_t address, struct jit_function *function);

#endif
