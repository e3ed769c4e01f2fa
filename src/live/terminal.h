/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal, by ncursesw: shows a canvas, tells of keys. The one file that knows curses. */
#ifndef LEAKTRACE_LIVE_TERMINAL_H
#define LEAKTRACE_LIVE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#include "live/canvas.h"

struct terminal;

/*
 * Takes the terminal over. `colour`: if it has any. Returns 0, -ENOTTY when curses cannot
 * use it (TERM unknown), or -ENOMEM.
 */
int terminal_open(FILE *input, FILE *output, bool colour, struct terminal **terminal);
/* Gives it back as it was. Takes NULL. */
void terminal_close(struct terminal *terminal);

/* Characters beyond ASCII can be shown, by the locale. */
bool terminal_is_utf8(const struct terminal *terminal);

/* Asks for its size, which may have changed. */
void terminal_size(struct terminal *terminal, int *rows, int *columns);

/* Shows the canvas; what has not changed is not sent. */
void terminal_show(struct terminal *terminal, const struct canvas *canvas);
/* The next time all of it is sent. */
void terminal_redraw(struct terminal *terminal);

struct terminal_input {
	int key; /* a character or an enum view_key; 0: a click */
	int row; /* of the click */
	int column;
};

/* The next key or click; false when there is none now. */
bool terminal_next(struct terminal *terminal, struct terminal_input *input);

#endif
