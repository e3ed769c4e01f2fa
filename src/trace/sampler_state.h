/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the sampler share: sampler.c (sites), sample_walk.c (resources),
 * sample_figures.c (/proc). */
#ifndef LEAKTRACE_TRACE_SAMPLER_STATE_H
#define LEAKTRACE_TRACE_SAMPLER_STATE_H

#include "trace/cost.h"
#include "trace/sampler.h"
#include "trace/space.h"
#include "util/hash.h"

/* What makes a site; a space's number may be another's later, its process is not. */
struct place_key {
	uint32_t process;
	uint32_t stack;
	uint32_t kind;
};

struct place {
	struct place_key key;
	uint32_t index;
	UT_hash_handle hh;
};

/* The place that a line of the kernel's table adds to, while both are what they were. */
struct line_place {
	uint64_t tag;
	uint32_t place;
	uint32_t serial;
};

/* PSS and USS cost the kernel a walk over the page tables: they are read now and then. */
struct figure_source {
	uint32_t process;
	uint64_t started_ns; /* since boot */
	uint64_t shares_due_ns;
	int64_t proportional;
	int64_t unique;
	bool lives;
	UT_hash_handle hh;
};

/* A look at the live resources, under way. */
struct sample_walk {
	uint64_t number;      /* of the look under way, from 1 on */
	uint64_t begin_ns;    /* CLOCK_MONOTONIC */
	uint64_t last_number; /* of the last that came to its end, 0: none */
	uint64_t last_begin_ns;
	size_t next_bucket;
	uint64_t *oldest; /* by place */
	size_t oldest_count;
	uint8_t *focus; /* by place; NULL: none */
	size_t focus_count;
	struct site_detail *target; /* NULL: none */
	struct site_detail detail;
};

struct sampler {
	struct processes *processes;
	struct tracer *tracer;
	struct line_place *lines;
	size_t line_count;
	struct space **by_number; /* WIRE_SPACES */
	struct place *by_key;
	struct sampled_site *sites;
	size_t site_count;
	uint32_t next_serial;
	uint32_t *free_places;
	size_t free_count;
	struct figure_source *sources;
	struct sampled_process *sampled;
	size_t sampled_count;
	uint64_t events;
	struct cost cost;
	struct sample_walk walk;
};

#define NO_PLACE UINT32_MAX

/* The site's place, made at first sight; NO_PLACE when out of memory. */
uint32_t sampler_place(struct sampler *sampler, uint32_t process, uint32_t stack, uint32_t kind);

/* The same by the kernel's tag of the stack. */
static inline uint32_t sampler_place_of(struct sampler *sampler, const struct space *space,
					uint64_t tag, uint32_t check, uint32_t kind)
{
	const struct space_stack *stack = space_stack_of(space, tag, check);

	return sampler_place(sampler, space->index, stack ? stack->index : SITE_NO_STACK, kind);
}

/* NO_PLACE: not known. */
static inline uint32_t sampler_line_place(const struct sampler *sampler, size_t line, uint64_t tag)
{
	const struct line_place *known = &sampler->lines[line];

	return known->tag && known->tag == tag &&
			       sampler->sites[known->place].serial == known->serial
		       ? known->place
		       : NO_PLACE;
}

/* Reads the figures of all living processes; needs their sites. Returns 0 or -ENOMEM. */
int sample_figures_take(struct sampler *sampler);
void sample_figures_clear(struct sampler *sampler);

void sample_walk_clear(struct sample_walk *walk);

#endif
