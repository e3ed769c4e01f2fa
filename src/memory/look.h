/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look into a process's memory: it is stopped, its threads and its memory are read, it
 * goes on, and which of its blocks it can still reach is judged.
 */
#ifndef LEAKTRACE_MEMORY_LOOK_H
#define LEAKTRACE_MEMORY_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "memory/reader.h"

struct graph;
struct modules;
struct processes;
struct tracer;
struct wire_event_ending;

struct look {
	struct tracer *tracer;
	struct processes *processes;
	struct modules *modules;
	uint32_t space;
	pid_t pid;
	const struct wire_event_ending *ending; /* it is stopped at its end; NULL: it is not */
	/* Takes the events up to the stop; not with `ending`. */
	void (*drain)(void *context);
	void *context;
	unsigned heuristics;   /* HEURISTIC_... */
	uint64_t max_pause_ns; /* it goes on after so long, with no result */
	enum reader_way way;
};

struct look_result {
	struct graph *graph; /* judged; the caller's */
	uint64_t time_ns;    /* CLOCK_MONOTONIC, when all stood still */
	uint64_t pause_ns;
	uint64_t bytes; /* read */
	uint64_t blocks;
};

/*
 * Returns 0, or -ESRCH (it has ended), -ETIMEDOUT (the longest pause is over), -EPERM (its
 * memory cannot be read), -ENOMEM, or another -errno; then there is no graph. The process
 * goes on in any case.
 */
int memory_look(const struct look *look, struct look_result *result);

#endif
