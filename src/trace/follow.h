/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Following processes: puts probes where a process needs them, and keeps up with
 * forks, execs, new libraries and ends as the kernel tells of them.
 *
 * Two scopes. FOLLOW_FILES: probes sit on files that only the followed tree maps
 * (private copies), so a module's probes are attached once. FOLLOW_PROCESSES:
 * probes are attached for each process by its id; children are stopped for the
 * moment that takes.
 */
#ifndef LEAKTRACE_TRACE_FOLLOW_H
#define LEAKTRACE_TRACE_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/probes.h"

struct modules;
struct processes;
struct tracer;
struct unwinder;
struct follower;
struct wire_event;
struct wire_event_ending;

enum follow_scope {
	FOLLOW_FILES,
	FOLLOW_PROCESSES,
};

struct follow_config {
	enum follow_scope scope;
	struct probes_way
		way;   /* its mode is the tracer's; what is shared is the follower's from then on */
	bool may_stop; /* children wait for their probes */
	bool needs_allocator; /* a process without one is of no use */
	bool exact_on_demand; /* allocators are probed by follower_set_exact() alone */
	struct tracer *tracer;
	struct modules *modules;
	struct processes *processes;
	struct unwinder *unwinder; /* NULL: stacks are walked by frame pointers */
	/* A process is stopped at its end, until this returns. NULL: none is. */
	void (*on_ending)(const struct wire_event_ending *event, void *context);
	void *context;
};

/* Returns 0 or -errno; the life of processes is watched from now on. */
int follower_new(const struct follow_config *config, struct follower **follower);
/* Detaches everything and continues what is stopped. Takes NULL. */
void follower_free(struct follower *follower);

/*
 * FOLLOW_FILES: looks at a file before anything maps it, and with `now` puts its
 * probes in. Takes `fd` over. Returns 0 or -errno.
 */
int follower_add_file(struct follower *follower, int fd, const char *path, bool now);

/*
 * Follows a command's process before it runs: what it will map is found as it
 * starts. Returns 0 or -errno.
 */
int follower_add_command(struct follower *follower, pid_t pid, bool may_stop);

/*
 * Follows a running process, which is never stopped. Returns 0, -ESRCH, -EACCES,
 * -EAFNOSUPPORT for a 32-bit program, -ENOTSUP for a Go program, -ENODATA when no
 * allocator was found in it, or another -errno.
 */
int follower_add_process(struct follower *follower, pid_t pid);

/*
 * With `exact_on_demand`: probes the allocators of all that is followed, now and from now
 * on, or takes these probes out again, with all that is known of heap blocks. Returns 0 or
 * -errno.
 */
int follower_set_exact(struct follower *follower, bool exact);

/*
 * Some parents (su, script) stop themselves when they see a child stopped, and wait
 * to be continued by their own parent: ours did not stop for good, so this does it.
 * To be called now and then.
 */
void follower_wake_parents(struct follower *follower);

/* Ends what is no more, should the event of its end have been lost. */
void follower_check_alive(struct follower *follower);

/* Acts on an event of the tracer. */
void follower_event(struct follower *follower, const struct wire_event *event);

/* Whether the process is among those that are followed. */
bool follower_follows(const struct follower *follower, pid_t pid);

#endif
