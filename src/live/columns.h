/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of the table: one row each, and which of them a width has room for. */
#ifndef LEAKTRACE_LIVE_COLUMNS_H
#define LEAKTRACE_LIVE_COLUMNS_H

#include <stdbool.h>

#include "live/rows.h"

struct column_info {
	const char *title;
	int width;    /* 0: takes what is left */
	int from;     /* shown in tables of at least so many columns */
	bool is_text; /* to the left, and sorted from A to Z */
};

extern const struct column_info column_table[COLUMNS];

struct column_place {
	enum row_column column;
	int start;
	int width;
};

/* Returns how many columns are shown; `places` from left to right. */
int columns_place(int width, struct column_place places[COLUMNS]);

#endif
