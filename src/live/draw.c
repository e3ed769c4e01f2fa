/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which parts a screen has; its last lines. */
#include "live/draw.h"

#include "live/canvas.h"

void draw_title(struct canvas *canvas, const char *title)
{
	canvas_style(canvas, 0, 0, canvas->columns, STYLE_BAR);
	canvas_text(canvas, 0, 0, canvas->columns, STYLE_BAR, title);
}

static void draw_output(struct canvas *canvas, const struct scene *scene)
{
	const struct layout *layout = &scene->view->layout;
	size_t shown = (size_t)layout->output_rows, first;

	if (layout->output_rows <= 0)
		return;
	canvas_style(canvas, layout->output_row, 0, canvas->columns, STYLE_BAR);
	canvas_text(canvas, layout->output_row, 0, canvas->columns, STYLE_BAR,
		    "OUTPUT OF THE COMMAND");
	first = scene->output_count > shown ? scene->output_count - shown : 0;
	for (size_t i = first; i < scene->output_count; i++)
		canvas_text(canvas, layout->output_row + 1 + (int)(i - first), 0, canvas->columns,
			    STYLE_NORMAL, scene->output[i]);
}

/* Keys of a screen, shortest first: what has no room is left out. */
static void draw_keys(struct canvas *canvas, const struct scene *scene)
{
	static const char *const table_keys[] = {
		"? help",  "Enter detail", "<> sort",	  "/ filter", "g growing",
		"G group", "m mark",	   "Space pause", "s record", "q quit",
	};
	static const char *const other_keys[] = { "Esc back", "Up Down scroll", "Space pause",
						  "q quit" };
	bool is_table = scene->view->screen == SCREEN_TABLE;
	const char *const *keys = is_table ? table_keys : other_keys;
	size_t count = is_table ? sizeof(table_keys) / sizeof(table_keys[0])
				: sizeof(other_keys) / sizeof(other_keys[0]);
	int column = 0;

	for (size_t i = 0; i < count; i++)
		column = canvas_printf(canvas, scene->view->layout.last_row, column,
				       canvas->columns - column, STYLE_BAR, "%s  ", keys[i]);
}

static void draw_last_line(struct canvas *canvas, const struct scene *scene)
{
	const struct view *view = scene->view;
	int row = view->layout.last_row;

	canvas_style(canvas, row, 0, canvas->columns, STYLE_BAR);
	if (view->asks_filter)
		canvas_printf(canvas, row, 0, canvas->columns, STYLE_BAR,
			      "filter: %s_   (Enter keeps it, Esc drops it)", view->asked);
	else if (view->message[0])
		canvas_text(canvas, row, 0, canvas->columns, STYLE_BAR, view->message);
	else
		draw_keys(canvas, scene);
}

void draw(struct canvas *canvas, const struct scene *scene)
{
	if (canvas->rows < SCREEN_ROWS_MIN || canvas->columns < SCREEN_COLUMNS_MIN) {
		canvas_printf(canvas, 0, 0, canvas->columns, STYLE_NORMAL, "leaktrace needs %dx%d",
			      SCREEN_COLUMNS_MIN, SCREEN_ROWS_MIN);
		return;
	}
	switch (scene->view->screen) {
	case SCREEN_TABLE:
		draw_head(canvas, scene);
		draw_table(canvas, scene);
		draw_output(canvas, scene);
		break;
	case SCREEN_DETAIL:
		draw_detail(canvas, scene);
		break;
	case SCREEN_HELP:
		draw_help(canvas, scene);
		break;
	}
	draw_last_line(canvas, scene);
}
