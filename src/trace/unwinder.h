/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unwind tables in the kernel: each file's once, each address space's
 * mappings as they change. Knows the maps' layout (wire.h); what a table says is
 * unwind/'s.
 */
#ifndef LEAKTRACE_TRACE_UNWINDER_H
#define LEAKTRACE_TRACE_UNWINDER_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct module;
struct proc_map;
struct tracer;
struct unwinder;

/* Returns 0 or -errno. */
int unwinder_new(struct tracer *tracer, struct unwinder **unwinder);
/* Takes NULL. */
void unwinder_free(struct unwinder *unwinder);

/*
 * Fills in the kernel's record of an executable mapping, after putting the file's
 * table into the kernel if it is not yet there. `module` NULL: code without a file;
 * then, and when there is no table for the file, frame pointers will do. Returns 0
 * or -errno; the record is good in any case.
 */
int unwinder_describe(struct unwinder *unwinder, const struct proc_map *map, struct module *module,
		      struct wire_mapping *mapping);

/* Replaces a space's mappings, sorted by address. Returns 0 or -errno: it keeps the old ones. */
int unwinder_publish(struct unwinder *unwinder, uint32_t space, const struct wire_mapping *mappings,
		     size_t count);

/* A forked space has its parent's mappings; the kernel has given them to it already. */
void unwinder_share(struct unwinder *unwinder, uint32_t space, uint32_t parent_space);
/* A space that has ended. */
void unwinder_forget(struct unwinder *unwinder, uint32_t space);

/* Bytes of kernel memory that the tables take. */
uint64_t unwinder_memory_bytes(const struct unwinder *unwinder);

#endif
