/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting the command: a child that waits until its probes are in, and then
 * becomes the command, with our standard streams, terminal, folder and
 * environment as they are, unless we need the terminal ourselves.
 */
#ifndef LEAKTRACE_TRACE_LAUNCH_H
#define LEAKTRACE_TRACE_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct private_files;

struct launch {
	pid_t pid;
	int go_fd;     /* closing it without a word ends the child */
	int result_fd; /* tells how far the child has come */
};

struct launch_options {
	char *const *command;		   /* NULL-terminated */
	const char *user;		   /* NULL: as we are */
	const struct private_files *files; /* NULL: no namespace of its own */
	/*
	 * What becomes its standard output and error, with nothing to read as its standard
	 * input; -1: it has ours.
	 */
	int output_fd;
};

enum launch_step {
	LAUNCH_NAMESPACE, /* errors of entering the namespace */
	LAUNCH_USER,
	LAUNCH_EXEC,
};

/*
 * Makes the child, ready and waiting. Returns 0, or -errno with `*step` telling
 * what failed: LAUNCH_USER with -ENOENT means no such user.
 */
int launch_prepare(const struct launch_options *options, struct launch *launch,
		   enum launch_step *step);
/* Lets it go. Returns 0, or -errno of execvp(3): then it has ended with nothing run. */
int launch_go(struct launch *launch);
/* Ends a child that was never let go. */
void launch_cancel(struct launch *launch);

#endif
