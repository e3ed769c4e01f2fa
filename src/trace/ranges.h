/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of disjoint address ranges, each of an owner; for any number of them, quick. */
#ifndef LEAKTRACE_TRACE_RANGES_H
#define LEAKTRACE_TRACE_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t start;
	uint64_t end; /* the first address behind it */
	uint32_t owner;
};

struct ranges;

/* Returns NULL when out of memory. */
struct ranges *ranges_new(void);
/* Takes NULL. */
void ranges_free(struct ranges *ranges);

/* Adds a range that overlaps none; neighbours stay apart. Returns 0 or -ENOMEM. */
int ranges_put(struct ranges *ranges, const struct range *range);

/*
 * Takes [start, end) out and calls `removed` for each piece, in order of address; a
 * range that is partly inside is split. Returns 0, or -ENOMEM when the rest of a split
 * range was lost.
 */
int ranges_cut(struct ranges *ranges, uint64_t start, uint64_t end,
	       void (*removed)(const struct range *piece, void *context), void *context);

/* The first range that ends behind `address`, NULL when there is none. */
const struct range *ranges_next(const struct ranges *ranges, uint64_t address);

#endif
