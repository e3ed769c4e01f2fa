/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/canvas.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 8

static const wchar_t unicode_levels[LEVELS + 1] = L" ▁▂▃▄▅▆▇█";
static const wchar_t ascii_levels[LEVELS + 1] = L" ..::-=##";

int canvas_begin(struct canvas *canvas, int rows, int columns, bool utf8)
{
	size_t count = (size_t)rows * (size_t)columns;

	if (canvas->rows != rows || canvas->columns != columns || !canvas->cells) {
		free(canvas->cells);
		canvas->cells = calloc(count + 1, sizeof(*canvas->cells));
		if (!canvas->cells)
			return -ENOMEM;
	}
	canvas->rows = rows;
	canvas->columns = columns;
	canvas->utf8 = utf8;
	for (size_t i = 0; i < count; i++)
		canvas->cells[i] = (struct cell){ L' ', STYLE_NORMAL };
	return 0;
}

void canvas_clear(struct canvas *canvas)
{
	free(canvas->cells);
	*canvas = (struct canvas){ 0 };
}

struct cell *canvas_cell(const struct canvas *canvas, int row, int column)
{
	if (row < 0 || row >= canvas->rows || column < 0 || column >= canvas->columns)
		return NULL;
	return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

static void put(struct canvas *canvas, int row, int column, wchar_t character, enum style style)
{
	struct cell *cell = canvas_cell(canvas, row, column);

	if (cell)
		*cell = (struct cell){ character, style };
}

/* ---- text ---------------------------------------------------------------------------- */

/* One character of UTF-8 (RFC 3629); what is none, or not to be shown, is '?'. */
static wchar_t next_character(const char **text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t code = *at;
	int bytes = code < 0x80 ? 1 : code < 0xc0 ? 0 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;

	*text += 1;
	if (bytes == 1)
		return code < 0x20 || code == 0x7f ? L'?' : (wchar_t)code;
	if (!bytes || code > 0xf4)
		return L'?';
	code &= 0x7fU >> bytes;
	for (int i = 1; i < bytes; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return L'?';
		code = code << 6 | (at[i] & 0x3f);
	}
	*text += bytes - 1;
	/* Surrogates, control characters, and what turns the direction of writing. */
	if (code < least[bytes] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ||
	    (code >= 0x80 && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	    (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	    code == 0xfeff)
		return L'?';
	return (wchar_t)code;
}

static int width_of(const struct canvas *canvas, wchar_t *character)
{
	int width;

	if (*character < 0x80)
		return 1;
	width = canvas->utf8 ? wcwidth(*character) : -1;
	if (width < 1) {
		*character = L'?';
		return 1;
	}
	return width;
}

int canvas_text(struct canvas *canvas, int row, int column, int width, enum style style,
		const char *text)
{
	int end = column + width;

	while (*text) {
		wchar_t character = next_character(&text);
		int columns = width_of(canvas, &character);

		if (column + columns > end)
			break;
		put(canvas, row, column, character, style);
		if (columns == 2)
			put(canvas, row, column + 1, 0, style);
		column += columns;
	}
	return column;
}

int canvas_printf(struct canvas *canvas, int row, int column, int width, enum style style,
		  const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return canvas_text(canvas, row, column, width, style, text);
}

void canvas_right(struct canvas *canvas, int row, int column, int width, enum style style,
		  const char *text)
{
	int length = (int)strlen(text);

	if (length < width)
		column += width - length;
	canvas_text(canvas, row, column, length < width ? length : width, style, text);
}

void canvas_style(struct canvas *canvas, int row, int column, int width, enum style style)
{
	for (int i = 0; i < width; i++) {
		struct cell *cell = canvas_cell(canvas, row, column + i);

		if (cell)
			cell->style = style;
	}
}

/* ---- graphs ---------------------------------------------------------------------------- */

void canvas_bar(struct canvas *canvas, int row, int column, int width, double part)
{
	int full = (int)lround(part * width);

	if (part > 0 && !full)
		full = 1;
	for (int i = 0; i < full && i < width; i++)
		put(canvas, row, column + i, canvas->utf8 ? L'█' : L'#', STYLE_GRAPH);
}

/* The eighths of a line that a value fills, counted from the lowest line. */
static int eighths_of(double value, double low, double high, int height)
{
	double part = high > low ? (value - low) / (high - low) : 0;
	int eighths = (int)lround(fmin(fmax(part, 0), 1) * height * LEVELS);

	/* What is there is seen. */
	return eighths < 1 ? 1 : eighths;
}

void canvas_graph(struct canvas *canvas, int row, int height, int column, int width,
		  const float *values, size_t count, double low, double high)
{
	const wchar_t *levels = canvas->utf8 ? unicode_levels : ascii_levels;
	int used = count < (size_t)width ? (int)count : width;

	for (int i = 0; i < used; i++) {
		/* Of more values than columns an even choice, with the last. */
		size_t from = used < 2 ? count - 1 : (size_t)i * (count - 1) / ((size_t)used - 1);
		int eighths = eighths_of(values[from], low, high, height);

		for (int line = 0; line < height; line++) {
			int level = eighths - line * LEVELS;

			level = level < 0 ? 0 : level > LEVELS ? LEVELS : level;
			put(canvas, row - line, column + width - used + i, levels[level],
			    STYLE_GRAPH);
		}
	}
}
