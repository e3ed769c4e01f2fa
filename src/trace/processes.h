/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The followed processes on the user side: an entry of the snapshot for each
 * address space, its mappings as they come and go, the stacks that the kernel
 * has sent. Fills the snapshot from the kernel's tables when asked.
 */
#ifndef LEAKTRACE_TRACE_PROCESSES_H
#define LEAKTRACE_TRACE_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/snapshot.h"
#include "wire.h"

struct modules;
struct module;
struct graph;
struct proc_map;
struct tracer;
struct processes;

/*
 * Adds to `snapshot`, which must outlive the result. `keeps_mappings`: books of them are kept
 * though the snapshot does not ask for the kind. NULL when out of memory.
 */
struct processes *processes_new(struct snapshot *snapshot, uint64_t start_ns, uint64_t max_stacks,
				bool keeps_mappings);
/* The names of the functions that are scopes, by their number; they must outlive the processes. */
void processes_set_calls(struct processes *processes, const char *const *names, size_t count);
/* Takes NULL. */
void processes_free(struct processes *processes);

struct process_start {
	uint32_t space;
	uint32_t pid;
	uint32_t ppid;
	uint32_t image;
	const char *comm;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	bool attached;	  /* it was running before the trace */
};

/* Adds an address space. Returns 0 or -ENOMEM. */
int processes_start(struct processes *processes, const struct process_start *start);
/* Copies the mappings and the name of one space to another: after fork. */
int processes_inherit(struct processes *processes, uint32_t space, uint32_t parent_space);
/* The largest resident set that the process had, if it is larger than an earlier image's. */
void processes_set_peak(struct processes *processes, uint32_t space, uint64_t earlier_pages,
			uint64_t pages);
void processes_end(struct processes *processes, uint32_t space, enum process_end end, int value,
		   uint64_t time_ns);

/* Whether a space can be measured; `reason` says why not, NULL when it can. */
void processes_judge(struct processes *processes, uint32_t space, const char *reason);

/* The space's entry (valid until the next start), NULL when unknown. */
struct process *processes_get(struct processes *processes, uint32_t space);
/* Spaces that have not ended. */
size_t processes_running(const struct processes *processes);
/* Calls `visit` for each process that has not ended. */
void processes_each_running(struct processes *processes,
			    void (*visit)(uint32_t space, uint32_t pid, void *context),
			    void *context);

/*
 * Reads the mappings of a living process: adds those that are new to the space's
 * entry and calls `visit` for each executable one, in order of address; `module`
 * is NULL for code without a file. Returns 0 or -errno.
 */
int processes_read_mappings(struct processes *processes, struct modules *modules, uint32_t space,
			    pid_t pid,
			    void (*visit)(const struct proc_map *map, struct module *module,
					  void *context),
			    void *context);

/* How often code of the space has gone away: what stacks of it are marked with. */
uint32_t processes_generation(const struct processes *processes, uint32_t space);

/*
 * Keeps a stack that the kernel has sent. Beyond `max_stacks` it is counted as lost,
 * and its site has none. Returns 0 or -ENOMEM.
 */
int processes_add_stack(struct processes *processes, const struct wire_event_stack *event);

int processes_scope_event(struct processes *processes, const struct wire_event_scope *event);

/*
 * What the kernel tells of stacks, mappings, pages, threads, scopes, descriptors; false for other
 * events. What there is no memory for is counted with the events that were dropped.
 */
bool processes_event(struct processes *processes, const struct wire_event *event);
void processes_lose_event(struct processes *processes);

/*
 * Looks at the living processes as they are now, to hold what was traced against it:
 * their mappings; their open descriptors, by `walk`, which makes the kernel tell of them
 * and returns 0 or -errno. To be called before the events up to now are taken.
 */
void processes_look(struct processes *processes, int (*walk)(void *context), void *context);

/*
 * Brings the snapshot up to the kernel's tables: sites, live resources, totals,
 * losses. What a space had at the last call is replaced. Ended spaces are read
 * once and then emptied in the kernel. Returns 0 or -ENOMEM.
 */
int processes_collect(struct processes *processes, struct tracer *tracer, uint64_t now_ns);

/* Brings the snapshot's losses alone up to date: those that are found without a look. */
void processes_read_losses(const struct processes *processes, const struct tracer *tracer);

/* Whether a space has memory from before the trace, or a parent's: blocks we know nothing of;
 * or mappings are not known. */
bool processes_is_late(const struct processes *processes, uint32_t space);
/*
 * What a look into the space's memory at `time_ns` has found, which is taken over; NULL
 * forgets an earlier one. Blocks that were acquired by then get their classes in the
 * collections that follow.
 */
void processes_set_graph(struct processes *processes, uint32_t space, struct graph *graph,
			 uint64_t time_ns);

/* A time of CLOCK_MONOTONIC, as the snapshot has it: since the session's start. */
uint64_t processes_since_start(const struct processes *processes, uint64_t time_ns);

/* Ended spaces that were not read yet: collect before the tables run full. */
size_t processes_uncollected(const struct processes *processes);
/* How full the fuller one of the kernel's tables is, by samples. */
unsigned processes_fill_percent(const struct tracer *tracer);

#endif
