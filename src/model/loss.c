/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/loss.h"

const struct loss_info loss_table[LOSS_COUNT] = {
	[LOSS_LIVE] = { "live_full",
			"acquisitions not tracked, the table of live resources was full (raise "
			"--max-live)",
			true },
	[LOSS_SITES] = { "sites_full",
			 "acquisitions without their call site, the table of sites was full (raise "
			 "--max-sites)",
			 false },
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
				      "releases of what was not acquired under the trace (before "
				      "it, or inside the allocator)",
				      false },
	[LOSS_STACKS_FULL] = { "stacks_full",
			       "call sites without a stack, there were too many (raise "
			       "--max-stacks)",
			       false },
	[LOSS_STACKS_TOO_DEEP] = { "stacks_too_deep",
				   "stacks cut off at the limit of frames (see --max-stack)",
				   false },
	[LOSS_STACKS_NO_MAPPING] = { "stacks_no_mapping", "stacks cut off at code of no known file",
				     false },
	[LOSS_STACKS_NO_RULE] = { "stacks_no_rule",
				  "stacks cut off at code without unwind information", false },
	[LOSS_STACKS_UNSUPPORTED] = { "stacks_unsupported",
				      "stacks cut off at code with unusual unwind information",
				      false },
	[LOSS_STACKS_UNREADABLE] = { "stacks_unreadable",
				     "stacks cut off at memory that could not be read", false },
	[LOSS_STACKS_BACKWARDS] = { "stacks_backwards",
				    "stacks cut off where the next frame made no sense", false },
	[LOSS_HUGE_REQUESTS] = { "huge_requests",
				 "huge requests to operator new, not followed to their end",
				 false },
	[LOSS_COLLISIONS] = { "hash_collisions", "stacks with equal hashes, told apart", false },
};
