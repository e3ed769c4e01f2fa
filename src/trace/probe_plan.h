/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probes that one file gets: which functions, where in them, what each takes and returns. */
#ifndef LEAKTRACE_TRACE_PROBE_PLAN_H
#define LEAKTRACE_TRACE_PROBE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/place.h"
#include "wire.h"

struct elf_file;
struct strings;

struct probe_site {
	uint64_t file_offset; /* of placement.address: where the probe goes */
	uint64_t address;     /* the function's entry */
	uint64_t size_bytes;  /* of the function, 0: unknown */
	struct wire_probe probe;
	const char *function; /* the symbol, valid as long as the plan */
	struct placement placement;
};

struct probe_plan {
	struct probe_site *sites; /* once placed, by address */
	size_t count;
	const char *allocator; /* "glibc", "jemalloc", ..., "unknown allocator"; NULL: none */
	struct strings *names; /* owns the sites' functions */
};

/* Returns NULL when out of memory. */
struct probe_plan *probe_plan_new(void);
/* Takes NULL. */
void probe_plan_free(struct probe_plan *plan);

/* Adds a function, named by `prefix` and `name`. Returns 0 or -ENOMEM. */
int probe_plan_add(struct probe_plan *plan, const struct wire_probe *probe, const char *prefix,
		   const char *name, uint64_t address, uint64_t size_bytes);

/*
 * Decides where in the functions the probes go; `at_entry`: not asked for a cheaper place.
 * A site with placement.reason PLACE_UNPROBEABLE is one that can't be had. Returns 0,
 * -ENOMEM, or -ENOEXEC when a function is in no code.
 */
int probe_plan_place(struct probe_plan *plan, struct elf_file *file, bool at_entry);

#endif
