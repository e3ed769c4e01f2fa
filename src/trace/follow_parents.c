/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the care for parents of processes that we have stopped for a moment. */
#include <signal.h>
#include <stdlib.h>

#include "trace/follow.h"
#include "trace/parking.h"
#include "trace/scan.h"
#include "trace/tracer.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/proc.h"

/* A parent that stops because a child was stopped has done so within this time. */
#define REACTION_NS 1000000000ULL
/* Looking at parents costs, and each event is an occasion. */
#define WAKE_EVERY_NS 100000000ULL

bool follower_follows(const struct follower *follower, pid_t pid)
{
	const struct followed *process;
	uint32_t key = (uint32_t)pid;

	HASH_FIND(hh, follower->by_pid, &key, sizeof(key), process);
	return process;
}

void follower_note_parked(struct follower *follower, pid_t pid)
{
	struct parked_child *parked;
	struct proc_stat stat;

	if (proc_stat_read(pid, &stat) || !follower_follows(follower, stat.ppid))
		return;
	for (size_t i = 0; i < follower->parked_count; i++) {
		parked = &follower->parked[i];
		if (parked->parent_pid == (uint32_t)stat.ppid) {
			parked->time_ns = monotonic_ns();
			return;
		}
	}
	parked = array_add(&follower->parked, &follower->parked_count, sizeof(*parked));
	if (parked)
		*parked = (struct parked_child){ stat.ppid, monotonic_ns() };
}

void follower_wake_parents(struct follower *follower)
{
	struct parking *parking = tracer_parking(follower->config.tracer);
	uint64_t now = monotonic_ns();
	struct proc_stat stat;
	bool fresh = false;

	if (!follower->parked_count || now - follower->woken_ns < WAKE_EVERY_NS)
		return;
	follower->woken_ns = now;
	for (size_t i = 0; i < follower->parked_count; i++) {
		const struct parked_child *parked = &follower->parked[i];

		/* One that is stopped itself by a leaktrace waits for its own turn. */
		if (!proc_stat_read(parked->parent_pid, &stat) && stat.state == 'T' &&
		    !parking_has(parking, (pid_t)parked->parent_pid) &&
		    !parking_is_by_others(parking, (pid_t)parked->parent_pid, 0))
			kill(parked->parent_pid, SIGCONT);
		fresh |= now - parked->time_ns < REACTION_NS;
	}
	if (fresh)
		return;
	free(follower->parked);
	follower->parked = NULL;
	follower->parked_count = 0;
}
