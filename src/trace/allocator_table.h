/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the malloc family, what each takes and returns, and what names
 * an allocator goes by. Data and look-ups; knows no file.
 */
#ifndef LEAKTRACE_TRACE_ALLOCATOR_TABLE_H
#define LEAKTRACE_TRACE_ALLOCATOR_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

/* Of two rows at one address, the first in the table counts. */
struct allocator_row {
	const char *name;
	struct wire_probe probe;
	bool is_operator; /* C++: only of interest beside a malloc of its own */
};

/* The row of an unprefixed name, NULL when it is none of the family. */
const struct allocator_row *allocator_row_find(const char *name);

/* How many arguments, from the first on, the probe reads. */
unsigned probe_argument_count(const struct wire_probe *probe);

/* Prefixes to look for in a module without a plain malloc; ends with NULL. */
extern const char *const allocator_prefixes[];

#define ALLOCATOR_MARKS 2

/* An allocator is the one of the first row whose symbols are all there; ends with a NULL name. */
struct allocator_family {
	const char *name;
	const char *marks[ALLOCATOR_MARKS]; /* symbols; the second may be NULL */
};

extern const struct allocator_family allocator_families[];

#endif
