/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The descriptors that one process has open, as the last walk over its table found
 * them. One that was opened unseen is believed when several walks agree: between a
 * system call's work and the moment we see its return it looks just so.
 */
#ifndef LEAKTRACE_TRACE_SPACE_FILES_H
#define LEAKTRACE_TRACE_SPACE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct strings;

struct open_file {
	uint32_t fd;
	enum wire_fd_origin origin;
	uint64_t file; /* identity */
	const char *name;
	unsigned walks; /* that found it unseen, one after the other */
};

struct space_files {
	struct open_file *files; /* by descriptor */
	size_t count;
	struct open_file *before; /* of the walk before */
	size_t before_count;
	uint64_t walked_ns; /* CLOCK_MONOTONIC, 0: never */
};

/* Begins a walk. */
void space_files_begin(struct space_files *files, uint64_t time_ns);
/* Returns 0 or -ENOMEM. */
int space_files_add(struct space_files *files, const struct wire_event_file *event,
		    struct strings *strings);
void space_files_clear(struct space_files *files);

/* The open file, NULL: not open. */
const struct open_file *space_files_find(const struct space_files *files, uint32_t fd);
/* Whether another walk is needed to be sure of what was opened unseen. */
bool space_files_unsure(const struct space_files *files);

/* Walks that must agree. */
#define SPACE_FILES_WALKS 3

#endif
