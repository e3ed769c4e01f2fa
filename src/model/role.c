/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/role.h"

const struct role_info role_table[ROLE_COUNT] = {
	[ROLE_HELD] = { "held", "held", true },
	[ROLE_ALLOCATOR] = { "allocator", "of an allocator", false },
	[ROLE_THREAD_STACK] = { "thread stack", "for thread stacks", false },
	[ROLE_LINKER] = { "linker", "of the dynamic linker", false },
	[ROLE_STANDARD] = { "standard", "standard input and output", false },
	[ROLE_INHERITED] = { "inherited", "inherited", false },
	[ROLE_BEFORE] = { "before", "open since before the trace", false },
	[ROLE_UNSEEN] = { "unseen", "whose opening was not seen", true },
	[ROLE_RUNNING] = { "running", "still running", true },
	[ROLE_UNJOINED] = { "unjoined", "ended, neither joined nor detached", true },
};
