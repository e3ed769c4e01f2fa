/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is traced: a command that we start, or processes that run already. Knows
 * how to put it under the follower's eyes, and how it ends; knows no tables.
 */
#ifndef LEAKTRACE_TARGET_H
#define LEAKTRACE_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include "trace/follow.h"
#include "trace/launch.h"
#include "trace/private_files.h"

struct modules;
struct options;

struct target {
	enum follow_scope scope;
	struct private_files files; /* FOLLOW_FILES */
	struct launch launch;	    /* pid 0: no command, or none that runs */
	int wait_status;	    /* of the command, once it has ended */
	int exec_error;		    /* the command could not be run: errno */
	int output_fd;		    /* see launch_options; -1: none */
};

/*
 * Before anything is loaded: checks the process ids, or makes the command's
 * process, waiting, in its namespace. Returns 0, or the exit status after a
 * message.
 */
int target_prepare(struct target *target, const struct options *options, struct modules *modules);

/* Puts the probes in. Returns 0, or the exit status after a message. */
int target_start(const struct target *target, const struct options *options,
		 struct follower *follower);

/* Lets a command run. Returns 0 or -errno; also in `exec_error`. */
int target_go(struct target *target);

/* The command's process has not ended. */
bool target_is_running(const struct target *target);
void target_signal(const struct target *target, int signal);
/* Looks whether the command has ended; true when it just did. */
bool target_reap(struct target *target);

/* Waits for the command's end; returns its exit status as a shell's (128 + signal), 0 without one.
 */
int target_wait(struct target *target);

/* Says why the command could not be run; returns the exit status for it. */
int target_explain_exec(const struct target *target, const struct options *options);

/* Ends a command that was never let go, and frees everything. */
void target_cancel(struct target *target);

#endif
