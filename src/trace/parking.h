/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that are stopped for a moment, by BPF or from here. Several leaktraces may stop one, a
 * trace around another's command say, and SIGCONT ends the stops of all: it is left to the last.
 */
#ifndef LEAKTRACE_TRACE_PARKING_H
#define LEAKTRACE_TRACE_PARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct parking {
	int map_fd;	      /* who is stopped: process id -> the kernel's own id of the process */
	uint32_t *others_ids; /* other leaktraces' maps */
	size_t others_count;
	uint32_t last_id; /* of all maps there are, looked at */
};

/*
 * Sends SIGSTOP to a process, after it has been noted, so that a watchdog knows of it. `task`: the
 * kernel's own id of it, the same in all namespaces. Returns 0 or -errno.
 */
int parking_stop(struct parking *parking, pid_t pid, uint32_t task);
/* Sends SIGCONT to a process that is noted; one that another leaktrace has noted as well waits. */
void parking_continue(struct parking *parking, pid_t pid);
/* The same for all that are noted. */
void parking_continue_all(struct parking *parking);
/* Whether it is noted. */
bool parking_has(const struct parking *parking, pid_t pid);
/* Whether another leaktrace has stopped it. With `task` 0, of any process with that id. */
bool parking_is_by_others(struct parking *parking, pid_t pid, uint32_t task);
void parking_free(struct parking *parking);

#endif
