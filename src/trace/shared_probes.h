/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single probes that processes have in common, for kernels without uprobe_multi (before 6.6). To
 * let go of a perf event with a probe of its own takes the kernel some 50 to 90 ms, with a lock
 * held that every other such event needs: a process with forty of them takes seconds to end. Here a
 * place is defined once, and each process adds itself by an event that is quick to open and to
 * close.
 *
 * A definition has a name and outlives who made it, though without a process it does nothing: the
 * watchdog removes them should leaktrace be killed.
 */
#ifndef LEAKTRACE_TRACE_SHARED_PROBES_H
#define LEAKTRACE_TRACE_SHARED_PROBES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SHARED_GROUP_BYTES 48

struct shared_probes;

/* What there is to remove, by whom it may concern. */
struct shared_definitions {
	int fd; /* of the kernel's list of definitions; -1: there are none */
	char group[SHARED_GROUP_BYTES];
};

/* A program at a place of a file. */
struct shared_place {
	int program_fd;
	bool at_return;
	int file_fd;
	uint64_t file_offset;
	uint64_t cookie;
};

/* Returns 0 or -errno: the kernel takes no definitions, or not from us. */
int shared_probes_new(struct shared_probes **probes);
/*
 * To be called before the first is opened. A definition has its program by a process that must be
 * alive and that nobody follows. Takes NULL for `probes`.
 */
void shared_probes_set_bearer(struct shared_probes *probes, pid_t pid);
/*
 * Has the place's program run for a process as well, until the descriptor that this returns is
 * closed. Returns it or -errno.
 */
int shared_probes_open(struct shared_probes *probes, const struct shared_place *place, pid_t pid);
/* Its descriptors are to be closed before. Takes NULL. */
void shared_probes_free(struct shared_probes *probes);

/* Takes NULL. */
struct shared_definitions shared_probes_definitions(const struct shared_probes *probes);
/* Removes them, and waits some seconds for those that are still in use. */
void shared_definitions_remove(const struct shared_definitions *definitions);

#endif
