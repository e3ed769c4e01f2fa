/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States of a task: include/linux/sched.h of the kernel. */
#include "memory/stop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "trace/parking.h"
#include "trace/tracer.h"
#include "util/clock.h"

#define STATE_UNINTERRUPTIBLE 0x2
#define STATE_STOPPED 0x4
#define STATE_TRACED 0x8
#define FLAG_EXITING 0x4

#define POLL_FIRST_US 20
#define POLL_MAX_US 1000

/*
 * A task that waits uninterruptibly, as the parent of a vfork does, stops before its next
 * step in user space: it counts as stopped, or that parent would never do.
 */
static bool stands_still(const struct wire_thread *thread)
{
	return thread->state & (STATE_UNINTERRUPTIBLE | STATE_STOPPED | STATE_TRACED);
}

static bool has_ended(const struct wire_thread *thread)
{
	return thread->exit_state || (thread->flags & FLAG_EXITING);
}

static bool all_stand_still(const struct stop *stop)
{
	for (size_t i = 0; i < stop->thread_count; i++)
		if (!stands_still(&stop->threads[i]))
			return false;
	return true;
}

static int look(struct stop *stop)
{
	size_t kept = 0;
	int error;

	free(stop->threads);
	stop->threads = NULL;
	stop->thread_count = 0;
	error = tracer_threads(stop->tracer, stop->pid, &stop->threads, &stop->thread_count);
	if (error)
		return error;
	for (size_t i = 0; i < stop->thread_count; i++)
		if (!has_ended(&stop->threads[i]))
			stop->threads[kept++] = stop->threads[i];
	stop->thread_count = kept;
	return kept ? 0 : -ESRCH;
}

static bool is_stopped(const struct wire_thread *thread)
{
	return thread->state & (STATE_STOPPED | STATE_TRACED);
}

static bool was_stopped(const struct stop *stop)
{
	for (size_t i = 0; i < stop->thread_count; i++)
		if (!is_stopped(&stop->threads[i]))
			return false;
	return true;
}

int stop_begin(struct stop *stop, struct tracer *tracer, pid_t pid, bool parked, uint64_t limit_ns)
{
	struct parking *parking = tracer_parking(tracer);
	useconds_t pause_us = POLL_FIRST_US;
	int error;

	*stop = (struct stop){ .tracer = tracer, .pid = pid, .since_ns = monotonic_ns() };
	error = look(stop);
	/* Whoever stopped it before lets it go, but another leaktrace would do so too early. */
	if (!error && !parked &&
	    (!was_stopped(stop) || parking_is_by_others(parking, pid, stop->threads->process))) {
		stop->since_ns = monotonic_ns();
		error = parking_stop(parking, pid, stop->threads->process);
		stop->is_ours = !error;
		if (!error)
			error = look(stop);
	}
	while (!error && !all_stand_still(stop)) {
		if (monotonic_ns() - stop->since_ns > limit_ns)
			return -ETIMEDOUT;
		usleep(pause_us);
		if (pause_us < POLL_MAX_US)
			pause_us *= 2;
		else if (stop->is_ours || parked)
			/* SIGCONT of somebody else takes back a stop that is on its way. */
			parking_stop(parking, pid, stop->threads->process);
		error = look(stop);
	}
	return error;
}

int stop_check(const struct stop *stop)
{
	struct wire_thread *now = NULL;
	size_t count = 0, next = 0;
	int error = tracer_threads(stop->tracer, stop->pid, &now, &count);

	for (size_t i = 0; !error && i < stop->thread_count; i++) {
		const struct wire_thread *thread = &stop->threads[i];

		/* What waited in the kernel may have gone on there. */
		if (!is_stopped(thread))
			continue;
		/* Both are in the order of their numbers. */
		while (next < count && now[next].tid < thread->tid)
			next++;
		if (next == count || now[next].tid != thread->tid || !is_stopped(&now[next]) ||
		    now[next].switches != thread->switches)
			error = -EINTR;
	}
	free(now);
	return error;
}

void stop_continue(struct stop *stop)
{
	if (stop->is_ours)
		parking_continue(tracer_parking(stop->tracer), stop->pid);
	stop->is_ours = false;
}

void stop_end(struct stop *stop)
{
	stop_continue(stop);
	free(stop->threads);
	stop->threads = NULL;
	stop->thread_count = 0;
}
