/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outcome of a run: a word, and the reasons for it with their numbers. */
#ifndef LEAKTRACE_ANALYZE_VERDICT_H
#define LEAKTRACE_ANALYZE_VERDICT_H

#include <stddef.h>
#include <stdint.h>

struct snapshot;

enum verdict_word {
	VERDICT_NONE, /* no gate was asked for */
	VERDICT_CLEAN,
	VERDICT_LEAK,
	VERDICT_UNMEASURED,
};

struct verdict_reason {
	const char *id; /* stable: "no-allocator", a loss's name, ... */
	const char *text;
	uint64_t value; /* the number behind it */
};

struct verdict {
	enum verdict_word word;
	struct verdict_reason *reasons;
	size_t reason_count;
};

/*
 * `unmeasured` when no process could be measured (reason per cause), else `none`.
 * Returns NULL when out of memory; the snapshot must outlive the result.
 */
struct verdict *verdict_new(const struct snapshot *snapshot);
/* Takes NULL. */
void verdict_free(struct verdict *verdict);

/* "clean", "leak", "unmeasured", "none" */
const char *verdict_word_name(enum verdict_word word);

#endif
