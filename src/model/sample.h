/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sample: the counters of every call site and the figures of every process at
 * one moment, without a look at single resources. Plain data, for those who watch
 * what grows; the tracer fills it, live/ keeps what it needs of it.
 */
#ifndef LEAKTRACE_MODEL_SAMPLE_H
#define LEAKTRACE_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/figure.h"

/* Keeps its place among the sites as long as its process lives. */
struct sampled_site {
	uint32_t serial;  /* another site in this place has another; 0: the place is free */
	uint32_t process; /* index in the snapshot's processes */
	uint32_t stack;	  /* index in the process's stacks, or SITE_NO_STACK */
	uint32_t kind;	  /* index in the snapshot's kinds */
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
	uint64_t oldest_ns; /* since the session's start; of what is live, as last looked; 0: not
			       known */
};

struct sampled_process {
	uint32_t process; /* index in the snapshot's processes */
	uint32_t pid;
	uint64_t started_ns; /* since boot */
	struct figures figures;
};

struct sample {
	uint64_t time_ns; /* since the session's start */
	uint64_t boot_ns; /* since boot, at the same moment */
	const struct sampled_site *sites;
	size_t site_count;			 /* places */
	const struct sampled_process *processes; /* those that live */
	size_t process_count;
	uint64_t events;      /* acquisitions and releases since the start */
	double tracing_share; /* of one CPU's time, estimated; negative: not known */
};

#define DETAIL_AGES 6
#define DETAIL_SIZES 24
#define DETAIL_LATEST 8

struct detail_resource {
	uint64_t id;
	uint64_t size;
	uint64_t born_ns;
};

/* What is live of some sites, by a look at each resource. */
struct site_detail {
	bool is_known;
	uint64_t time_ns; /* of the look */
	uint64_t count;
	uint64_t ages[DETAIL_AGES];   /* how many, see detail_age_limit_ns */
	uint64_t sizes[DETAIL_SIZES]; /* how many of less than 1 << (index + 1) bytes */
	struct detail_resource latest[DETAIL_LATEST]; /* youngest first */
	size_t latest_count;
};

/* Ages less than this, and not less than the one before. */
extern const uint64_t detail_age_limit_ns[DETAIL_AGES];

/* Adds one resource. */
void site_detail_add(struct site_detail *detail, const struct detail_resource *resource);

#endif
