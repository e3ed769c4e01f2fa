/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/loss.h"

const struct loss_info loss_table[LOSS_COUNT] = {
	[LOSS_LIVE] = { "live_full",
			"acquisitions not tracked, the table of live resources was full (raise "
			"--max-live)",
			true },
	[LOSS_SITES] = { "sites_full",
			 "acquisitions without a call site, the table of sites was full (raise "
			 "--max-sites)",
			 true },
	[LOSS_EVENTS] = { "events_dropped", "events dropped, leaktrace could not keep up", true },
	[LOSS_THREADS] = { "threads_failed", "events lost, no memory for a thread's state", true },
	[LOSS_SPACES] = { "processes_failed", "processes not followed, too many at once", true },
	[LOSS_CALLS] = { "returns_unmatched", "returns of calls whose start was not seen", false },
	[LOSS_MISSED_RELEASES] = { "releases_missed",
				   "releases missed: the same address was handed out again",
				   false },
	[LOSS_ABANDONED_CALLS] = { "calls_abandoned",
				   "calls left by longjmp or an exception before they returned",
				   false },
	[LOSS_UNMATCHED_RELEASES] = { "releases_unmatched",
				      "releases of what was not acquired under the trace (before it, or inside the allocator)", false },
	[LOSS_STACKS] = { "stacks_failed", "acquisitions whose stack could not be read", false },
	[LOSS_HUGE_REQUESTS] = { "huge_requests",
				 "huge requests to operator new, not followed to their end", false },
	[LOSS_COLLISIONS] = { "hash_collisions", "stacks with equal hashes, told apart", false },
};
