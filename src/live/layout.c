/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/layout.h"

#include "model/figure.h"

/* Title, verdict, cost of tracing. */
#define HEAD_ROWS 3
#define SHOWN_FIGURES FIGURE_PAGES
#define TABLE_ROWS_MIN 4
/* The command's output has such a part of what the head leaves. */
#define OUTPUT_PART 3

struct layout layout_of(int rows, int columns, bool has_losses, bool shows_output)
{
	struct layout layout = { .rows = rows, .columns = columns, .losses_row = -1 };
	int at = HEAD_ROWS, rest;

	if (has_losses)
		layout.losses_row = at++;
	layout.figures_row = at++;
	/* Two beside each other. */
	layout.figure_rows = SHOWN_FIGURES / 2;
	if (rows - at - layout.figure_rows < TABLE_ROWS_MIN + 2)
		layout.figure_rows = 0;
	at += layout.figure_rows;
	if (!layout.figure_rows)
		at = layout.figures_row;
	layout.table_row = at++;
	layout.last_row = rows - 1;
	rest = layout.last_row - at;
	if (shows_output && rest >= TABLE_ROWS_MIN * 2) {
		layout.output_rows = rest / OUTPUT_PART;
		layout.output_row = layout.last_row - layout.output_rows;
		/* Its headings take a line as well. */
		rest = layout.output_row - at;
		layout.output_rows--;
	}
	layout.table_rows = rest > 0 ? rest : 0;
	return layout;
}
