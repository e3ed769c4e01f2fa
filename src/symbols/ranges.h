/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address ranges that may nest and overlap, and the best one that holds an address. */
#ifndef LEAKTRACE_SYMBOLS_RANGES_H
#define LEAKTRACE_SYMBOLS_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
	uint64_t low;
	uint64_t high;	/* exclusive */
	uint64_t reach; /* the highest `high` from the table's begin to here */
	uint32_t rank;	/* the higher wins */
	uint32_t value; /* the user's */
};

struct range_table {
	struct range *ranges;
	size_t count;
};

/* Adds a range (empty ones are left out). Returns 0 or -ENOMEM. */
int range_table_add(struct range_table *table, uint64_t low, uint64_t high, uint32_t rank,
		    uint32_t value);
/* Makes the table ready to be searched. Nothing may be added afterwards. */
void range_table_sort(struct range_table *table);
/*
 * The range of the highest rank that holds `address`, the innermost (latest
 * begin) of equal ones; NULL: none.
 */
const struct range *range_table_find(const struct range_table *table, uint64_t address);
void range_table_clear(struct range_table *table);

#endif
