/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for every unwind table, whatever the file said. */
#ifndef LEAKTRACE_TESTS_UNWIND_CHECK_H
#define LEAKTRACE_TESTS_UNWIND_CHECK_H

#include "unwind/table.h"

/* Returns NULL, or what is wrong with a table whose rules are numbered below `rule_count`. */
static inline const char *unwind_check(const struct unwind_table *table, size_t rule_count)
{
	const uint32_t *rows = table->words + table->granules + 1;

	if (table->text_start % (1 << WIRE_GRANULE_SHIFT))
		return "the text begins inside a granule";
	if (!table->granules || !table->row_count)
		return "nothing in it";
	if (table->word_count != (size_t)table->granules + 1 + table->row_count)
		return "the number of words is not the sum of its parts";
	if (table->words[0] != 0 || table->words[table->granules] != table->row_count)
		return "the granules leave rows out";
	for (uint32_t granule = 0; granule < table->granules; granule++) {
		uint32_t first = table->words[granule], next = table->words[granule + 1];
		uint32_t low = (granule << WIRE_GRANULE_SHIFT) & 0xffff;

		if (next < first || next > table->row_count)
			return "granules out of order";
		/* So that nine steps find any. */
		if (next - first > 1 << WIRE_GRANULE_SHIFT)
			return "more rows in a granule than addresses";
		for (uint32_t row = first; row < next; row++) {
			uint32_t address = rows[row] & 0xffff;

			if (address < low || address >= low + (1 << WIRE_GRANULE_SHIFT))
				return "a row in a granule that is not its own";
			if (row > first && address <= (rows[row - 1] & 0xffff))
				return "rows out of order";
		}
	}
	for (uint32_t row = 0; row < table->row_count; row++) {
		if (rows[row] >> 16 >= rule_count)
			return "a rule that there is not";
		if (row && rows[row] >> 16 == rows[row - 1] >> 16)
			return "equal neighbours";
	}
	return NULL;
}

#endif
