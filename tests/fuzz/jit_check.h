/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a compiler is said to have written, and look-ups in it. */
#ifndef LEAKTRACE_TESTS_JIT_CHECK_H
#define LEAKTRACE_TESTS_JIT_CHECK_H

#include "fuzz.h"

#include "symbols/jit_table.h"

/* Every name is read to its end, and no function is found behind its own start. */
static inline void jit_look_up(const struct jit_table *table, uint64_t address)
{
	struct jit_function function;

	if (jit_table_find(table, address, &function))
		return;
	if (function.start > address || !*function.name || strlen(function.name) > SIZE_MAX / 2)
		abort();
}

/* Words of the input itself: what it names is most likely there. */
static inline void jit_check(const uint8_t *bytes, size_t size,
			     int (*add)(struct jit_table *table, char *bytes, size_t size))
{
	struct jit_table *table = jit_table_new();
	char *copy = fuzz_copy(bytes, size);
	uint64_t address;

	add(table, copy, size);
	jit_table_sort(table);
	for (size_t i = 0; i + sizeof(address) <= size && i < 512; i += sizeof(address)) {
		memcpy(&address, bytes + i, sizeof(address));
		jit_look_up(table, address);
		jit_look_up(table, address & 0xfff);
	}
	jit_table_free(table);
}

#endif
