/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen as plain data: cells of one character and one style. What is drawn past an
 * edge is not there. Text may come from a target: what is no printable UTF-8 becomes
 * a question mark, so nothing of it reaches a terminal.
 */
#ifndef LEAKTRACE_LIVE_CANVAS_H
#define LEAKTRACE_LIVE_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

enum style {
	STYLE_NORMAL,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_BAR,    /* headings of tables, and the last line */
	STYLE_SORTED, /* in a bar */
	STYLE_SELECTED,
	STYLE_GOOD,
	STYLE_WARNING,
	STYLE_ALARM,
	STYLE_GRAPH,
	STYLE_COUNT,
};

struct cell {
	wchar_t character; /* 0: the right half of a wide one */
	uint8_t style;
};

struct canvas {
	int rows;
	int columns;
	bool utf8; /* or ASCII alone */
	struct cell *cells;
};

/* Makes it blank, of this size. Returns 0 or -ENOMEM; `canvas` is zeroed before first use. */
int canvas_begin(struct canvas *canvas, int rows, int columns, bool utf8);
void canvas_clear(struct canvas *canvas);

struct cell *canvas_cell(const struct canvas *canvas, int row, int column);

/* Writes at most `width` columns; returns the column behind the text. */
int canvas_text(struct canvas *canvas, int row, int column, int width, enum style style,
		const char *text);
int canvas_printf(struct canvas *canvas, int row, int column, int width, enum style style,
		  const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Ends at the column before `column` + `width`. */
void canvas_right(struct canvas *canvas, int row, int column, int width, enum style style,
		  const char *text);
/* Gives a range of a line this style. */
void canvas_style(struct canvas *canvas, int row, int column, int width, enum style style);

/* A bar of `part` (0 to 1) of `width` columns. */
void canvas_bar(struct canvas *canvas, int row, int column, int width, double part);
/*
 * A graph of `height` lines whose lowest is `row`, one column a value, the last at the
 * right: the vertical axis from `low` to `high`.
 */
void canvas_graph(struct canvas *canvas, int row, int height, int column, int width,
		  const float *values, size_t count, double low, double high);

#endif
