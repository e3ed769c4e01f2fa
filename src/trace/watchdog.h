/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small process that outlives leaktrace by a moment: should leaktrace be
 * killed while it holds a process stopped, the watchdog continues it; and it removes
 * the definitions of probes. Probes need no such care, they end with leaktrace's descriptors.
 */
#ifndef LEAKTRACE_TRACE_WATCHDOG_H
#define LEAKTRACE_TRACE_WATCHDOG_H

#include <sys/types.h>

struct shared_definitions;

struct watchdog {
	pid_t pid;
	int pipe_fd;
};

/* Starts it on the map of stopped processes (struct parking). Returns 0 or -errno. */
int watchdog_start(struct watchdog *watchdog, int parked_map_fd,
		   const struct shared_definitions *definitions);
/* Ends it: nothing is stopped any more, nothing defined. */
void watchdog_stop(struct watchdog *watchdog);

#endif
