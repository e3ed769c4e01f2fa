/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen of a run: joins what is watched, the view, the terminal and the command's
 * output. As long as it is open messages are kept, to be shown when it closes.
 */
#ifndef LEAKTRACE_SCREEN_H
#define LEAKTRACE_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "live/canvas.h"
#include "live/view.h"

struct command_output;
struct terminal;
struct watch;

struct screen {
	struct terminal *terminal; /* NULL: none is open */
	struct watch *watch;
	struct command_output *output; /* NULL: the command has its own */
	const char *tracing;	       /* how it is traced, for the head */
	struct view view;
	struct canvas canvas;
	int messages_fd;    /* what is written to standard error goes here */
	int stderr_fd;	    /* the true one */
	long messages_seen; /* bytes that were shown */
	int resize_fd;	    /* tells that the terminal's size has changed */
};

struct screen_config {
	struct watch *watch;
	struct command_output *output;
	const char *tracing;
	bool colour;
};

/* Whether there is a terminal to draw on and to take keys from. */
bool screen_is_possible(void);

/* Returns 0 or -errno: -ENOTTY when curses does not know the terminal. */
int screen_open(struct screen *screen, const struct screen_config *config);
/* Gives the terminal back, with the messages. Also of one that is not open. */
void screen_close(struct screen *screen);

/* Shows what there is now; after a sample, or when something was said. */
void screen_update(struct screen *screen);
void screen_draw(struct screen *screen);

/*
 * Takes one key or click; returns false when there is none. `*action` is what is asked
 * of the session.
 */
bool screen_key(struct screen *screen, enum view_action *action);
/* The terminal has another size. */
void screen_resized(struct screen *screen);

#endif
