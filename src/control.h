/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions of the traced command while it runs: a test runner asks what a mark has left behind.
 * A socket in the abstract name space (unix(7)), whose name the command finds in its environment:
 * LEAKTRACE_CONTROL. A request is a line, "scope NAME"; the answer is JSON, then the end.
 */
#ifndef LEAKTRACE_CONTROL_H
#define LEAKTRACE_CONTROL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "wait.h"

struct control {
	int fd; /* -1: none */
	/* Only who is traced may ask. */
	bool (*may_ask)(pid_t pid, void *context);
	/* Writes the answer about the scope of that name. */
	void (*answer)(const char *scope, FILE *out, void *context);
	void *context;
};

/*
 * Listens, and sets LEAKTRACE_CONTROL and LEAKTRACE_MARK_LIBRARY (where that is) for who is
 * started from now on. Returns 0 or -errno.
 */
int control_open(struct control *control);
/* Takes one question; the way of struct wait_source. */
enum wait_answer control_ready(void *control);
void control_close(struct control *control);

#endif
