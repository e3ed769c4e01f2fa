/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drawing: a function of what was seen, of the view's state, and of a size. */
#ifndef LEAKTRACE_LIVE_DRAW_H
#define LEAKTRACE_LIVE_DRAW_H

#include "live/canvas.h"
#include "live/growth.h"
#include "live/view.h"

struct scene {
	const struct growth *growth;
	const struct view *view;
	const char *tracing;	   /* how it is traced: "exact", "pages" */
	const char *const *output; /* the last lines of the command's output, oldest first */
	size_t output_count;
};

/* Draws all of it, on a canvas that is blank. */
void draw(struct canvas *canvas, const struct scene *scene);

/* Parts, each for its lines. */
void draw_head(struct canvas *canvas, const struct scene *scene);
void draw_table(struct canvas *canvas, const struct scene *scene);
void draw_detail(struct canvas *canvas, const struct scene *scene);
void draw_help(struct canvas *canvas, const struct scene *scene);

/* The title of a screen of its own, in the first line. */
void draw_title(struct canvas *canvas, const char *title);

#endif
