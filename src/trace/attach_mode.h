/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How probes are attached: the kernel's ways, cheapest first. Knows nothing of how it is done. */
#ifndef LEAKTRACE_TRACE_ATTACH_MODE_H
#define LEAKTRACE_TRACE_ATTACH_MODE_H

enum attach_mode {
	ATTACH_AUTO,	/* the first of the following that works */
	ATTACH_SESSION, /* one multi link for entry and return (Linux 6.13) */
	ATTACH_MULTI,	/* one link for many probes (Linux 6.6) */
	ATTACH_SINGLE,	/* a perf event for each probe */
};

#endif
