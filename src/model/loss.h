/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run did not see, or saw oddly. Every view shows the nonzero rows; a run
 * with a row that `spoils` has no clean verdict.
 */
#ifndef LEAKTRACE_MODEL_LOSS_H
#define LEAKTRACE_MODEL_LOSS_H

#include <stdbool.h>

enum loss {
	LOSS_LIVE,
	LOSS_SITES,
	LOSS_EVENTS,
	LOSS_THREADS,
	LOSS_SPACES,
	LOSS_CALLS,
	LOSS_MISSED_RELEASES,
	LOSS_ABANDONED_CALLS,
	LOSS_UNMATCHED_RELEASES,
	LOSS_STACKS_FULL,
	LOSS_STACKS_TOO_DEEP,
	LOSS_STACKS_NO_MAPPING,
	LOSS_STACKS_NO_RULE,
	LOSS_STACKS_UNSUPPORTED,
	LOSS_STACKS_UNREADABLE,
	LOSS_STACKS_BACKWARDS,
	LOSS_HUGE_REQUESTS,
	LOSS_COLLISIONS,
	LOSS_UNSEEN_OPENS,
	LOSS_UNSEEN_CLOSES,
	LOSS_UNSEEN_UNMAPS,
	LOSS_SCOPES,
	LOSS_COUNT,
};

struct loss_info {
	const char *name; /* JSON key */
	const char *text; /* completes "N ..." in reports, with what to try */
	bool spoils;	  /* resources may be missing or falsely shown */
};

extern const struct loss_info loss_table[LOSS_COUNT];

#endif
