/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run has taken, whether it gave it back or not; and how two runs differ. */
#ifndef LEAKTRACE_ANALYZE_USAGE_H
#define LEAKTRACE_ANALYZE_USAGE_H

#include <stddef.h>
#include <stdint.h>

#include "util/hash.h"

struct snapshot;
struct stack;

enum usage_figure {
	USAGE_PEAK_LIVE,   /* bytes, the sum of the processes' peaks */
	USAGE_BYTES,	   /* ever allocated */
	USAGE_ALLOCATIONS, /* ever made */
	USAGE_PEAK_RSS,	   /* bytes, of the largest process */
	USAGE_FIGURES,
};

struct usage {
	uint64_t figures[USAGE_FIGURES];
};

struct usage usage_of(const struct snapshot *snapshot);
/* Each figure's smaller one: what a run needs at least. */
void usage_keep_least(struct usage *least, const struct usage *usage);

/* What one place has allocated in two runs. */
struct usage_place {
	char *key;
	const struct stack *stack; /* of the run that has it, the second if both do */
	uint64_t count[2];
	uint64_t bytes[2];
	UT_hash_handle hh;
};

struct usage_differences {
	struct usage_place *by_key;
	struct usage_place **sorted; /* those that differ, by bytes */
	size_t count;
};

/* Heap allocations by stacks of functions. The snapshots must outlive it. Returns 0 or -ENOMEM. */
int usage_compare(struct usage_differences *differences, const struct snapshot *first,
		  const struct snapshot *second);
void usage_differences_clear(struct usage_differences *differences);

#endif
