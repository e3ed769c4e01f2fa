/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop of a run: kernel events, signals, timers, until there is nothing left to trace. */
#ifndef LEAKTRACE_WAIT_H
#define LEAKTRACE_WAIT_H

#include <stdint.h>

struct follower;
struct processes;
struct target;
struct tracer;
struct wire_event;

struct wait_config {
	struct tracer *tracer;
	struct follower *follower;
	struct processes *processes;
	struct target *target;
	uint64_t duration_ns; /* 0: no limit */
	uint64_t interval_ns; /* 0: no interim reports */
	void (*on_interval)(void *context);
	/* Enough processes have ended that their records should be read and dropped. */
	void (*on_ended)(void *context);
	void *context;
};

/*
 * Runs until every followed process has ended, the duration is over, or the user
 * says so. Returns 0 or -errno.
 */
int wait_run(const struct wait_config *config);

/*
 * Keeps the signals that end a run for wait_run(): one that comes while probes are
 * attached ends the run with a report, as a later one does. To be called once the
 * command's process is made, which has its own.
 */
void wait_hold_signals(void);

/* A tracer_handler; the context is the follower. */
void wait_event(const struct wire_event *event, void *follower);

#endif
