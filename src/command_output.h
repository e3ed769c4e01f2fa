/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a command writes while a screen is shown: to a file, or to a pseudo terminal
 * whose last lines are shown in a pane.
 */
#ifndef LEAKTRACE_COMMAND_OUTPUT_H
#define LEAKTRACE_COMMAND_OUTPUT_H

#include <stddef.h>
#include <stdio.h>

#define OUTPUT_LINES 500
#define OUTPUT_LINE_BYTES 512

struct command_output {
	int command_fd;		      /* the command's standard output and error; -1: its own */
	int read_fd;		      /* what it writes can be read here; -1: nowhere */
	char *lines[OUTPUT_LINES];    /* the last ones, a ring */
	size_t line_count;	      /* there ever were */
	char line[OUTPUT_LINE_BYTES]; /* the one that has no end yet */
	size_t length;
	size_t column; /* where the next character goes */
	int escape;    /* inside a control sequence; see command_output.c */
};

/* `where`: a file's path, or "pane". Returns 0 or -errno. */
int command_output_open(struct command_output *output, const char *where);
/* To be called when the command has been made. */
void command_output_started(struct command_output *output);
void command_output_close(struct command_output *output);

/* Takes what there is to read. Returns 1 when there was something, 0 at the end. */
int command_output_read(struct command_output *output);

/* The last lines, oldest first, at most `max`; returns how many. */
size_t command_output_last(const struct command_output *output, const char **lines, size_t max);

/* Writes the last lines, when the pane is there no more. */
void command_output_show(const struct command_output *output, FILE *stream);

/* Hands on what there is to read, as it is. */
void command_output_forward(struct command_output *output, FILE *stream);

#endif
