/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the keys do, and what the columns mean. */
#include "live/draw.h"

#define KEY_COLUMNS 14

static const struct key_row column_help[] = {
	{ "GROWTH/s", "live bytes (descriptors, threads: number) more per second, over 10 s" },
	{ "LIVE COUNT", "what is held now, since the trace began" },
	{ "CHANGE", "since the start, or since the mark" },
	{ "GOT/s FREED/s", "acquisitions and releases per second, over 10 s" },
	{ "KEPT", "of all that was acquired here, the part still held" },
	{ "OLDEST", "age of the oldest that is still held, as last looked" },
	{ "CALLED BY", "innermost function that is no allocator's or library's" },
};

#define COLUMN_HELP (sizeof(column_help) / sizeof(column_help[0]))

void draw_help(struct canvas *canvas, const struct scene *scene)
{
	size_t count = key_row_count + 1 + COLUMN_HELP, top = scene->view->scroll;
	int rows = scene->view->layout.last_row - 2;
	size_t most = count > (size_t)rows ? count - (size_t)rows : 0;

	if (top > most)
		top = most;
	draw_title(canvas, "leaktrace " LEAKTRACE_VERSION "  help");
	for (int i = 0; i < rows && top + (size_t)i < count; i++) {
		size_t index = top + (size_t)i;
		const struct key_row *row;

		if (index == key_row_count)
			continue;
		row = index < key_row_count ? &key_table[index]
					    : &column_help[index - key_row_count - 1];
		canvas_text(canvas, 2 + i, 1, KEY_COLUMNS, STYLE_BOLD, row->keys);
		canvas_text(canvas, 2 + i, KEY_COLUMNS + 2, canvas->columns - KEY_COLUMNS - 2,
			    STYLE_NORMAL, row->text);
	}
}
