/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tracing takes of the traced programs' time, estimated: the kernel's own
 * measure of the BPF programs' run time (BPF_ENABLE_STATS, since Linux 5.8), taken
 * during one sample of several, since measuring costs; and for each run of a probe
 * the trap that leads to it, measured once on a function of leaktrace's own.
 */
#ifndef LEAKTRACE_TRACE_COST_H
#define LEAKTRACE_TRACE_COST_H

#include <stdint.h>

#include "trace/attach.h"

struct tracer;

struct cost {
	const struct tracer *tracer;
	struct links links; /* of the probe on our own function */
	double trap_ns;	    /* of one probe hit; negative: not known */
	double event_ns;    /* of one event; negative: not known yet */
	double share;	    /* of one CPU's time; negative: not known */
	int statistics_fd;  /* -1: the kernel does not measure now */
	unsigned samples;
	uint64_t last_ns;
	uint64_t last_events;
	uint64_t run_ns; /* of all programs, when the measure began */
	uint64_t trap_count;
};

/* Measures the trap. The tracer must outlive it. */
void cost_begin(struct cost *cost, const struct tracer *tracer, enum attach_mode mode);
void cost_end(struct cost *cost);

/* To be called with each sample; `events`: since the start. Sets `share`. */
void cost_take(struct cost *cost, uint64_t events);

#endif
