/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books of one address space's memory mappings: from the kernel's events to
 * what each call site has acquired, released and still holds, to the byte. Each
 * byte stays charged to the call that asked for it: a mapping that is cut shrinks,
 * one that mremap(2) moves goes on, what it grows by is mremap's caller's.
 */
#ifndef LEAKTRACE_TRACE_SPACE_MAPPINGS_H
#define LEAKTRACE_TRACE_SPACE_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/book_sites.h"
#include "wire.h"

struct proc_map;
struct range;
struct strings;
struct space_mappings;

/* What is left of one mapping. */
struct live_mapping {
	uint64_t start; /* of the first piece */
	uint64_t bytes; /* of all pieces */
	uint64_t born_ns;
	uint32_t site;
	const char *name; /* the file, NULL: none */
};

/* `strings`, for names, must outlive it. Returns NULL when out of memory. */
struct space_mappings *space_mappings_new(struct strings *strings);
/* Takes NULL. */
void space_mappings_free(struct space_mappings *mappings);

/* Returns 0 or -ENOMEM. */
int space_mappings_event(struct space_mappings *mappings, const struct wire_event_map *event);

/*
 * Takes out what was mapped before `time_ns` and is not among the process's mappings
 * as they were then. Returns how many mappings were concerned.
 */
size_t space_mappings_check(struct space_mappings *mappings, const struct proc_map *maps,
			    size_t count, uint64_t time_ns);

const struct book_site *space_mappings_sites(const struct space_mappings *mappings, size_t *count);
void space_mappings_each(struct space_mappings *mappings,
			 void (*visit)(const struct live_mapping *mapping, void *context),
			 void *context);
/* Whose the mapping is that a call has made. */
enum role space_mapping_role(const struct wire_event_map *event);

/* All that is mapped, in order of address. */
void space_mappings_each_range(const struct space_mappings *mappings,
			       void (*visit)(const struct range *range,
					     const struct book_site *site, void *context),
			       void *context);
/* The most bytes that were mapped at once. */
uint64_t space_mappings_peak(const struct space_mappings *mappings);

#endif
