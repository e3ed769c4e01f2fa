/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop of a run: kernel events, signals, timers, until there is nothing left to trace. */
#ifndef LEAKTRACE_WAIT_H
#define LEAKTRACE_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct follower;
struct processes;
struct target;
struct tracer;
struct wire_event;

enum wait_answer {
	WAIT_GO_ON,
	WAIT_NO_MORE, /* the source is at its end */
	WAIT_STOP,    /* the user wants to end, as by an interrupt */
};

/* Something else to wait for: `ready` is called when it can be read, or is at its end. */
struct wait_source {
	int fd;
	enum wait_answer (*ready)(void *context);
	void *context;
};

#define WAIT_SOURCES_MAX 4

struct wait_config {
	struct tracer *tracer;
	struct follower *follower;
	struct processes *processes;
	struct target *target;
	uint64_t duration_ns; /* 0: no limit */
	uint64_t interval_ns; /* 0: no interim reports */
	void (*on_interval)(void *context);
	void *interval_context;
	uint64_t scan_ns;		/* 0: on SIGUSR1 alone */
	void (*on_scan)(void *context); /* NULL: no look into memory */
	/* Enough processes have ended that their records should be read and dropped. */
	void (*on_ended)(void *context);
	struct wait_source sources[WAIT_SOURCES_MAX];
	size_t source_count;
	/* Work for when nothing else is to be done, in short parts; true: there is more. */
	bool (*on_idle)(void *context); /* NULL: none */
	void *idle_context;
	void *context; /* of on_scan and on_ended */
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
