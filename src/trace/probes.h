/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a module's plan to attached programs. */
#ifndef LEAKTRACE_TRACE_PROBES_H
#define LEAKTRACE_TRACE_PROBES_H

#include <sys/types.h>

#include "trace/attach_mode.h"

struct links;
struct module;
struct shared_probes;
struct tracer;

enum probe_part {
	PROBES_ALL,
	PROBES_ALLOCATOR,
	PROBES_OTHER, /* and ld.so's hook */
};

/* How: `shared` for single probes, NULL: none are. */
struct probes_way {
	enum attach_mode mode;
	struct shared_probes *shared;
};

/*
 * Attaches a module's probes: its allocator's functions, others', and ld.so's hook.
 * `pid` -1: for every process that maps it. Returns 0 or -errno; `links` may then
 * hold a part of them.
 */
int probes_attach(struct tracer *tracer, const struct probes_way *way, const struct module *module,
		  pid_t pid, enum probe_part part, struct links *links);

#endif
