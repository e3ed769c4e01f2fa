/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the memory of which process is looked into, and what that leaves in the snapshot. */
#ifndef LEAKTRACE_SCAN_RUN_H
#define LEAKTRACE_SCAN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct follower;
struct modules;
struct options;
struct processes;
struct snapshot;
struct tracer;
struct wire_event_ending;

struct scan_run {
	const struct options *options;
	struct snapshot *snapshot;
	struct tracer *tracer;
	struct modules *modules;
	struct processes *processes;
	struct follower *follower;
};

/* Whether what is asked for can be told by a look: it takes probes of its own. */
bool scan_run_wanted(const struct options *options, const struct snapshot *snapshot);

/* A process that is stopped at its end. The context is a struct scan_run. */
void scan_run_ending(const struct wire_event_ending *event, void *context);

/* What several looks came to. */
struct scan_sum {
	size_t processes; /* looked into */
	size_t failed;
	uint64_t longest_pause_ns;
	const char *reason; /* of a failed one, NULL: none */
};

/* All processes that run, one after the other. */
struct scan_sum scan_run_all(struct scan_run *run);
/* Says why of each process that was not looked into. */
void scan_run_explain(struct scan_run *run);
/* Classes go by the last look: what is collected from now on has none. */
void scan_run_forget(struct scan_run *run);

#endif
