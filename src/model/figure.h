/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is watched of a process as a whole: one row each. */
#ifndef LEAKTRACE_MODEL_FIGURE_H
#define LEAKTRACE_MODEL_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

enum figure {
	FIGURE_RSS,
	FIGURE_PSS,
	FIGURE_USS,
	FIGURE_VMS,
	FIGURE_HEAP,
	FIGURE_MAPPED,
	FIGURE_FDS,
	FIGURE_THREADS,
	FIGURE_PAGES, /* in place of the heap, when no allocator is probed */
	FIGURE_COUNT,
};

struct figure_info {
	const char *name;
	bool has_bytes;
	bool in_log; /* stands in the growth log */
	/* Its growth can fail a run. The unique set is read too rarely, as it costs the kernel
	 * much. */
	bool is_judged;
};

extern const struct figure_info figure_table[FIGURE_COUNT];

/* Of a figure that could not be read. */
#define FIGURE_UNKNOWN INT64_MIN

/* At one moment, of one process or of several together. */
struct figures {
	int64_t values[FIGURE_COUNT];
};

#endif
