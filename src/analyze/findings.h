/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a snapshot to what a report shows: the live resources that pass the
 * filters, by call site, sorted. Reads no clock, no file, no environment.
 */
#ifndef LEAKTRACE_ANALYZE_FINDINGS_H
#define LEAKTRACE_ANALYZE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/estimate.h"
#include "model/kind.h"
#include "model/snapshot.h"
#include "suppress/suppress.h"

enum finding_sort {
	SORT_BYTES,
	SORT_COUNT,
	SORT_AGE, /* oldest first */
};

/* Names with wildcards (fnmatch) of processes: their command's name, or their executable's path. */
struct process_globs {
	const char **texts;
	size_t count;
};

struct finding_filter {
	uint64_t min_size; /* of a single resource, bytes, inclusive */
	uint64_t max_size; /* 0: no limit */
	uint64_t min_age_ns;
	enum finding_sort sort;
	size_t top;	  /* sites shown per process, kind and class; 0: all */
	unsigned classes; /* to show, a bit for each enum leak_class; all of them: what is recent,
			     too */
	struct process_globs only;		 /* none: all */
	struct process_globs ignored;		 /* of these nothing is looked at */
	const struct suppressions *suppressions; /* NULL: none */
};

/* Sites with the same named stack, their filtered live resources added up. */
struct finding {
	const struct process *process;
	const struct site *site;    /* the first of the merged ones: kind, class */
	const struct frame *frames; /* innermost first, the allocator's own left off */
	uint32_t frame_count;
	uint32_t place; /* in the order of all stacks of the process, and of kinds and classes */
	bool truncated;
	bool is_growing; /* threads that run: ever more of them, none of which ends */
	uint64_t live_count;
	uint64_t live_bytes;
	struct estimate live; /* what they are made of: with error bars, where blocks are sampled */
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t lost_count;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t oldest_age_ns; /* of the resources shown */
	uint64_t newest_age_ns;
	double share; /* of the process's filtered live bytes (a kind without: count) of that kind,
			 0..1 */
	const struct site **sites; /* all merged ones */
	size_t site_count;
	uint64_t known_count; /* of the live ones, what a baseline has as well */
	uint64_t known_bytes;
	uint64_t held_count; /* of CLASS_DEFINITE: what is lost with it */
	uint64_t held_bytes;
};

/* Of all findings of a kind that hold something, those cut by `top` included. */
struct finding_total {
	size_t site_count;
	uint64_t live_count;
	uint64_t live_bytes;
};

struct kind_findings {
	struct finding_total classes[CLASS_COUNT];
	struct finding_total recent; /* see finding_is_recent() */
};

struct process_findings {
	const struct process *process;
	bool is_ignored;	  /* by the filter: it has no findings */
	struct finding *findings; /* by kind and class, then sorted; at most `top` of each */
	size_t finding_count;
	struct finding *others; /* what is no leak, by its role; in no total */
	size_t other_count;
	size_t hidden_count; /* findings cut by `top`, of the classes to be shown */
	uint64_t hidden_bytes;
	struct finding_total totals[KIND_MAX];
	struct finding_total suppressed[KIND_MAX]; /* in nothing else */
	struct kind_findings *kinds; /* by kind, as many as the snapshot has: parts of these */
};

struct findings {
	const struct snapshot *snapshot;
	struct finding_total *suppressed; /* by suppression of the filter; NULL: there are none */
	struct finding_filter filter;
	struct process_findings *processes; /* in the snapshot's order */
	size_t process_count;
};

/*
 * Whether its blocks have no class since they were acquired after the look into memory: the
 * moment that the report is of.
 */
bool finding_is_recent(const struct finding *finding);
/* Whether a finding is of the classes to be shown. */
bool finding_is_shown(const struct finding_filter *filter, const struct finding *finding);

/* Returns NULL when out of memory. The snapshot must outlive the result. */
struct findings *findings_new(const struct snapshot *snapshot, const struct finding_filter *filter);
/* Takes NULL. */
void findings_free(struct findings *findings);

/*
 * True for a resource that passes age and, of a kind that has bytes, size. `now_ns`: since
 * the session's start.
 */
bool finding_filter_passes(const struct finding_filter *filter, const struct kind_info *kind,
			   const struct resource *resource, uint64_t now_ns);

/* Until when ages count, since the session's start: the process's end, or the session's when it
 * still runs. */
uint64_t process_last_ns(const struct snapshot *snapshot, const struct process *process);

/* True for functions of the allocator families and the C++ operators, which reports leave off. */
bool frame_is_allocator(const struct frame *frame);

/* The innermost frame that is not the allocator's own. */
uint32_t stack_first_frame(const struct stack *stack);

#endif
