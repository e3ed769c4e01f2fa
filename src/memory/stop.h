/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that stands still: none of its threads runs user code until it is let go. One
 * that we stopped is known to the watchdog, which lets it go should we die.
 */
#ifndef LEAKTRACE_MEMORY_STOP_H
#define LEAKTRACE_MEMORY_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tracer;
struct wire_thread;

struct stop {
	struct tracer *tracer;
	pid_t pid;
	bool is_ours; /* we are to let it go */
	uint64_t since_ns;
	struct wire_thread *threads; /* those that have not ended */
	size_t thread_count;
};

/*
 * Stops a process; with `parked` it is on its way to stop already, and somebody else lets
 * it go. Waits until it stands still. Returns 0; -ESRCH: it has ended; -ETIMEDOUT: it did
 * not stop within `limit_ns`; or another -errno. stop_end() is to be called in any case.
 */
int stop_begin(struct stop *stop, struct tracer *tracer, pid_t pid, bool parked, uint64_t limit_ns);
/*
 * To be asked when it has been read, before stop_continue(). Returns 0; -EINTR: somebody else has
 * let it go on meanwhile, so what was read is not of one moment; or another -errno.
 */
int stop_check(const struct stop *stop);
/* Lets it go on. */
void stop_continue(struct stop *stop);
/* Lets it go on, and forgets its threads. */
void stop_end(struct stop *stop);

#endif
