/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a run that is watched while it goes on: on a screen, or as a log of
 * growth. Joins it to the wait for the end.
 */
#ifndef LEAKTRACE_LIVE_RUN_H
#define LEAKTRACE_LIVE_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "command_output.h"
#include "model/figure.h"
#include "screen.h"
#include "wait.h"
#include "watch.h"

struct judgement;
struct options;
struct scan_sum;

struct live_run {
	const struct options *options;
	bool is_active;
	FILE *log; /* NULL: there is a screen */
	struct watch watch;
	struct screen screen;
	struct command_output output;
	bool has_sample;
	bool is_warm;  /* growth counts from now on */
	bool has_line; /* `logged` is of the log's last line */
	struct figures logged;
	unsigned recordings;
	/* Brings the snapshot up to date. Returns 0 or -errno. */
	int (*collect)(void *session);
	/* Looks into memory, and tells of it by live_run_tell_scan(). NULL: not with this run. */
	void (*scan)(void *session);
	/* Switches the probes of allocators on or off. Returns 0 or -errno. */
	int (*set_exact)(void *session, bool exact);
	void *session;
};

/* Before the command is made: where it is to write. Returns 0, or the exit status after a message.
 */
int live_run_prepare(struct live_run *live, const struct options *options);

/*
 * When everything is attached. `log`: where lines go without a screen. Returns 0, or the exit
 * status after a message.
 */
int live_run_begin(struct live_run *live, const struct watch_config *config, FILE *log);

/* Whether what is found is to be shown by live_run_tell_scan(), and not as a report. */
bool live_run_has_screen(const struct live_run *live);
void live_run_tell_scan(struct live_run *live, const struct scan_sum *sum);

/* Adds what a wait has to do for it. */
void live_run_wait(struct live_run *live, struct wait_config *config);

/* Gives the terminal back, and ends the log. Also without a beginning. */
void live_run_end(struct live_run *live, struct judgement *judgement);
/* Hands on what a command still writes after that. */
void live_run_forward(struct live_run *live);
/* The command's descriptors as well. */
void live_run_clear(struct live_run *live);

#endif
