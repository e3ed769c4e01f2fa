/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples for those who watch a running trace. Taking one costs a pass over the
 * site table; what needs a look at each resource (ages, sizes) is read in slices,
 * between samples. Takes nothing out of the tables.
 */
#ifndef LEAKTRACE_TRACE_SAMPLER_H
#define LEAKTRACE_TRACE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/sample.h"
#include "trace/attach_mode.h"

struct processes;
struct tracer;
struct sampler;

/*
 * Both must outlive it; `mode` is the tracer's. Returns NULL when out of memory.
 */
struct sampler *sampler_new(struct processes *processes, struct tracer *tracer,
			    enum attach_mode mode);
/* Takes NULL. */
void sampler_free(struct sampler *sampler);

/*
 * `sample` holds until the next call. Events up to now are to be taken before. Returns 0
 * or -ENOMEM.
 */
int sampler_take(struct sampler *sampler, struct sample *sample);

/*
 * Goes on with the look at single resources, for about `budget_ns`. Returns true when
 * a look has come to its end.
 */
bool sampler_walk(struct sampler *sampler, uint64_t budget_ns);

/*
 * From now on the looks tell in `detail` of these places of sites as well; it is of the
 * last whole look. A NULL ends that. Returns 0 or -ENOMEM.
 */
int sampler_focus(struct sampler *sampler, const uint32_t *places, size_t count,
		  struct site_detail *detail);

#endif
