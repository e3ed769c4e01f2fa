/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sorted array with the reach of what went before. Knows nothing of symbols. */
#include "symbols/ranges.h"

#include <errno.h>
#include <stdlib.h>

#include "util/array.h"

/* Real tables nest a few deep; a table made to be slow must not be. */
#define MAX_STEPS_BACK 4096

int range_table_add(struct range_table *table, uint64_t low, uint64_t high, uint32_t rank,
		    uint32_t value)
{
	struct range *range;

	if (low >= high)
		return 0;
	range = array_add(&table->ranges, &table->count, sizeof(*range));
	if (!range)
		return -ENOMEM;
	range->low = low;
	range->high = high;
	range->rank = rank;
	range->value = value;
	return 0;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Outer before inner, and the same order on every run. */
static int compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;
	int order = compare(a->low, b->low);

	if (!order)
		order = compare(b->high, a->high);
	if (!order)
		order = compare(a->rank, b->rank);
	if (!order)
		order = compare(b->value, a->value);
	return order;
}

void range_table_sort(struct range_table *table)
{
	uint64_t reach = 0;

	if (table->count)
		qsort(table->ranges, table->count, sizeof(*table->ranges), compare_ranges);
	for (size_t i = 0; i < table->count; i++) {
		if (reach < table->ranges[i].high)
			reach = table->ranges[i].high;
		table->ranges[i].reach = reach;
	}
}

const struct range *range_table_find(const struct range_table *table, uint64_t address)
{
	const struct range *best = NULL;
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->ranges[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low, steps = 0; i > 0 && steps < MAX_STEPS_BACK; i--, steps++) {
		const struct range *range = &table->ranges[i - 1];

		if (range->reach <= address)
			break;
		if (range->high > address && (!best || range->rank > best->rank))
			best = range;
	}
	return best;
}

void range_table_clear(struct range_table *table)
{
	free(table->ranges);
	table->ranges = NULL;
	table->count = 0;
}
