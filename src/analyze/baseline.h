/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two runs held against each other, place by place. A place is a process's name, a kind, a class
 * and a stack of functions: without addresses and lines, so that a rebuild does not make
 * everything new.
 */
#ifndef LEAKTRACE_ANALYZE_BASELINE_H
#define LEAKTRACE_ANALYZE_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/hash.h"

struct finding;
struct findings;

/* What is held at one place. */
struct place_amount {
	char *key;
	const struct finding *finding; /* the first there */
	uint64_t count;		       /* of all processes of that name */
	uint64_t bytes;
	uint64_t most_count; /* in one process */
	uint64_t most_bytes;
	uint64_t own_count; /* of the process under way, or left of it */
	uint64_t own_bytes;
	const void *process;
	UT_hash_handle hh;
};

/* By place; NULL: none. */
struct baseline {
	struct place_amount *places;
};

/* The findings must outlive the baseline, and have no limit by number. Returns 0 or -ENOMEM. */
int baseline_fill(struct baseline *baseline, const struct findings *all);
/*
 * Sets what is known of each finding: what one process of that name held at its place. Returns 0
 * or -ENOMEM.
 */
int baseline_apply(const struct baseline *baseline, struct findings *findings);
/* Releases what the struct holds. */
void baseline_clear(struct baseline *baseline);

enum change {
	CHANGE_NEW,
	CHANGE_GROWN,
	CHANGE_SHRUNK,
	CHANGE_GONE,
	CHANGE_COUNT,
};

struct difference {
	enum change change;
	const struct finding *finding; /* of the new run, of the old one when it is gone */
	uint64_t old_count;
	uint64_t old_bytes;
	uint64_t new_count;
	uint64_t new_bytes;
};

struct differences {
	struct difference *all; /* by change, the largest first */
	size_t count;
};

/* What has changed between two runs. Returns 0 or -ENOMEM. */
int differences_find(struct differences *differences, const struct baseline *old_run,
		     const struct baseline *new_run);
void differences_clear(struct differences *differences);

#endif
