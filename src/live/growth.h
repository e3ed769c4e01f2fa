/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen over time: the figures of processes and the counters of call sites,
 * as samples came in. Knows no clock and no terminal, and not how rows are made of it
 * (rows.h).
 */
#ifndef LEAKTRACE_LIVE_GROWTH_H
#define LEAKTRACE_LIVE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/trend.h"
#include "live/timeline.h"
#include "model/figure.h"
#include "model/kind.h"
#include "model/sample.h"

struct frame;
struct snapshot;

/* Growth per second is that of the last ten seconds. */
#define WINDOW_SECONDS 10
#define WINDOW_POINTS 12

struct counters {
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
};

static inline int64_t counters_live_bytes(const struct counters *counters)
{
	return (int64_t)(counters->acquired_bytes - counters->released_bytes);
}

static inline int64_t counters_live_count(const struct counters *counters)
{
	return (int64_t)(counters->acquired_count - counters->released_count);
}

/* A call site of one process; in the place that it has in samples. */
struct part {
	uint32_t serial; /* 0: none */
	uint32_t process;
	uint32_t stack;
	uint32_t kind;
	bool is_hidden;		    /* it holds nothing that a program could give back */
	const struct frame *frames; /* NULL: not named yet; innermost first */
	uint32_t frame_count;
	bool truncated;
	const struct frame *own; /* see own_frame.h */
	const struct frame *thread;
	uint64_t name_key; /* the same for stacks with the same names */
	struct counters now;
	struct counters marked; /* when the user set the mark; at first 0 */
	struct counters window[WINDOW_POINTS];
	uint64_t oldest_ns;
	uint64_t seen_ns; /* since when it is known */
	float *history; /* live bytes (a kind without: count) along the timeline; NULL: constant */
};

/* Figures along the timeline. */
struct figure_history {
	struct figures now;
	struct figures first;
	struct figures marked;
	float values[FIGURE_COUNT][TIMELINE_POINTS];
	size_t begin[FIGURE_COUNT]; /* the first point that it has a value for */
	bool has_begun[FIGURE_COUNT];
	struct figures window[WINDOW_POINTS];
	struct trend trends[FIGURE_COUNT];
};

struct watched_process {
	uint32_t process; /* in the snapshot */
	uint32_t pid;
	const char *comm;
	uint64_t started_ns; /* since boot */
	bool lives;	     /* in the sample under way */
	struct figure_history history;
};

struct growth {
	const struct snapshot *snapshot;
	struct timeline timeline;
	double window_times[WINDOW_POINTS]; /* a ring */
	uint64_t window_count;		    /* points there ever were; the last is at count - 1 */
	uint64_t time_ns;		    /* of the last sample, since the session's start */
	uint64_t boot_ns;
	uint64_t kind_ns[KIND_MAX]; /* since when a kind is traced, 0: it is not */
	uint64_t mark_ns;	    /* 0: the user has set none */
	uint64_t events;
	double events_per_s;
	double tracing_share;
	struct part *parts;
	size_t part_count;
	struct watched_process **processes; /* those that live, in the snapshot's order */
	size_t process_count;
	struct figure_history total;
};

/* The snapshot must outlive it. Returns NULL when out of memory. */
struct growth *growth_new(const struct snapshot *snapshot);
/* Takes NULL. */
void growth_free(struct growth *growth);

/* Returns 0 or -ENOMEM. */
int growth_update(struct growth *growth, const struct sample *sample);

/* Takes the names that stacks of the snapshot have got since. */
void growth_take_names(struct growth *growth);

/* Changes count from now. */
void growth_mark(struct growth *growth);
/* Changes count from the start again. */
void growth_unmark(struct growth *growth);

/* Of this kind numbers are of interest and not bytes: a thread's bytes are address space alone. */
bool growth_counts_only(const struct growth *growth, uint32_t kind);
/* What is live by these counters, in bytes, or in numbers where these are of interest. */
int64_t growth_live(const struct growth *growth, uint32_t kind, const struct counters *counters);

/* The process's history; the sum of all for NULL. */
const struct figure_history *growth_history(const struct growth *growth,
					    const struct watched_process *process);

/* Per second over the window; 0 as long as too little was seen. */
double growth_figure_rate(const struct growth *growth, const struct figure_history *history,
			  enum figure figure);

/*
 * The point of the window to which the present of this kind is compared, as an index into
 * `window`, and over how many seconds it is; false as long as there is none.
 */
bool growth_window(const struct growth *growth, uint32_t kind, size_t *index, double *seconds);

#endif
