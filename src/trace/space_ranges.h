/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose each part of an address space is, by the system calls that made it. */
#ifndef LEAKTRACE_TRACE_SPACE_RANGES_H
#define LEAKTRACE_TRACE_SPACE_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "model/role.h"
#include "wire.h"

struct modules;
struct processes;
struct ranges;

/* The heap segment's end has moved. Returns 0 or -ENOMEM. */
int space_break_event(struct ranges *breaks, const struct wire_event_map *event);

struct space_range {
	uint64_t start;
	uint64_t end;
	enum role role;
};

/*
 * What is known of a space's memory, in order of address, in an array to be freed. What was
 * mapped by a library that does nothing but allocate is ROLE_ALLOCATOR, whoever called it.
 * Returns 0 or -ENOMEM.
 */
int processes_ranges(const struct processes *processes, struct modules *modules, uint32_t space,
		     struct space_range **ranges, size_t *count);

#endif
