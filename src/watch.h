/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching a trace: samples taken into a growth model, names looked up for what is in
 * it, a part at a time. Knows neither screen nor log.
 */
#ifndef LEAKTRACE_WATCH_H
#define LEAKTRACE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "live/growth.h"
#include "trace/attach_mode.h"
#include "trace/sampler.h"

struct processes;
struct snapshot;
struct symbols;
struct tracer;

struct watch {
	struct snapshot *snapshot;
	struct symbols *symbols;
	struct sampler *sampler;
	struct growth *growth;
	uint32_t naming;  /* index of the process whose stacks are named next */
	bool names_wait;  /* there may be stacks without names */
	bool walk_is_due; /* single resources are to be looked at */
	bool has_focus;	  /* and soon */
};

struct watch_config {
	struct snapshot *snapshot;
	struct symbols *symbols;
	struct processes *processes;
	struct tracer *tracer;
	enum attach_mode mode;
};

/* What is in the configuration must outlive it. Returns 0 or -ENOMEM. */
int watch_begin(struct watch *watch, const struct watch_config *config);
/* Also when watch_begin() failed, or was never called on a zeroed one. */
void watch_end(struct watch *watch);
/* Forgets what was seen so far. Returns 0 or -ENOMEM. */
int watch_restart(struct watch *watch);

/* Takes a sample; events up to now are to be taken before. Returns 0 or -ENOMEM. */
int watch_sample(struct watch *watch);

/* Does a part of what is to be done between samples; true: there is more. */
bool watch_idle(struct watch *watch);

/* These call sites are looked at in detail from now on; see sampler_focus(). */
int watch_focus(struct watch *watch, const uint32_t *places, size_t count,
		struct site_detail *detail);

#endif
