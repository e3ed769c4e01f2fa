/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which lines of a screen are for what. */
#ifndef LEAKTRACE_LIVE_LAYOUT_H
#define LEAKTRACE_LIVE_LAYOUT_H

#include <stdbool.h>

/* What is smaller shows a line that asks for more. */
#define SCREEN_ROWS_MIN 10
#define SCREEN_COLUMNS_MIN 40

struct layout {
	int rows;
	int columns;
	int losses_row;	 /* -1: there are none */
	int figures_row; /* its headings */
	int figure_rows;
	int table_row; /* its headings */
	int table_rows;
	int output_row;	 /* its headings */
	int output_rows; /* 0: not shown */
	int last_row;
};

struct layout layout_of(int rows, int columns, bool has_losses, bool shows_output);

#endif
