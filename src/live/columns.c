/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/columns.h"

#define MODULE_PART 4

const struct column_info column_table[COLUMNS] = {
	[COLUMN_KIND] = { "KIND", 6, 0, true },
	[COLUMN_GROWTH] = { "GROWTH/s", 9, 0, false },
	[COLUMN_BYTES] = { "LIVE", 7, 0, false },
	[COLUMN_COUNT] = { "COUNT", 6, 0, false },
	[COLUMN_CHANGE] = { "CHANGE", 8, 90, false },
	[COLUMN_ACQUIRED] = { "GOT/s", 6, 60, false },
	[COLUMN_RELEASED] = { "FREED/s", 7, 70, false },
	[COLUMN_KEPT] = { "KEPT", 4, 50, false },
	[COLUMN_AGE] = { "OLDEST", 6, 40, false },
	[COLUMN_NAME] = { "CALLED BY", 0, 0, true },
	[COLUMN_MODULE] = { "MODULE", 0, 100, true },
};

int columns_place(int width, struct column_place places[COLUMNS])
{
	int count = 0, at = 0, rest = width, module;

	for (int i = 0; i < COLUMNS; i++)
		if (column_table[i].width && width >= column_table[i].from)
			rest -= column_table[i].width + 1;
	module = width >= column_table[COLUMN_MODULE].from ? rest / MODULE_PART : 0;
	for (int i = 0; i < COLUMNS; i++) {
		int wide = column_table[i].width;

		if (width < column_table[i].from)
			continue;
		if (i == COLUMN_NAME)
			wide = module ? rest - module - 1 : rest;
		else if (i == COLUMN_MODULE)
			wide = module;
		if (wide < 1)
			continue;
		places[count++] = (struct column_place){ (enum row_column)i, at, wide };
		at += wide + 1;
	}
	return count;
}
