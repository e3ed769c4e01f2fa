/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a module's plan to attached programs. */
#ifndef LEAKTRACE_TRACE_PROBES_H
#define LEAKTRACE_TRACE_PROBES_H

#include <sys/types.h>

#include "trace/attach_mode.h"

struct links;
struct module;
struct tracer;

/*
 * Attaches all probes of a module: its allocator's functions and ld.so's hook.
 * `pid` -1: for every process that maps it. Returns 0 or -errno; `links` may then
 * hold a part of them.
 */
int probes_attach(struct tracer *tracer, enum attach_mode mode, const struct module *module,
		  pid_t pid, struct links *links);

#endif
