/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ELF file's symbols and relocations say about an allocator in it: the
 * functions of the family and the pointers to functions that the loader fills in.
 * Private to the planning of probes (allocators.c).
 */
#ifndef LEAKTRACE_TRACE_CANDIDATES_H
#define LEAKTRACE_TRACE_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/allocator_table.h"

struct elf_file;
struct allocator_options;

/* A function that may be probed. */
struct candidate {
	const struct allocator_row *row;
	const char *prefix; /* "" or one of the options or the table; the same pointer for the same
			       prefix */
	uint64_t address;
	uint64_t size_bytes; /* 0: unknown */
	bool local;
};

/* A pointer to a function that the loader fills in. */
struct slot {
	uint64_t address;
	uint64_t function;		 /* 0: in another module */
	const struct allocator_row *row; /* NULL: none of the family */
};

struct candidates {
	struct candidate *functions; /* by address, none twice */
	size_t count;
	struct slot *slots; /* by address */
	size_t slot_count;
	const char *allocator; /* NULL: none, and then no functions either */
};

/* Returns 0, -ENOMEM or -E2BIG. Free with candidates_clear, also after a failure. */
int candidates_find(struct elf_file *file, const struct allocator_options *options,
		    struct candidates *candidates);
void candidates_clear(struct candidates *candidates);

#endif
