/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions to probe that are known by name alone: of the thread library, of a user's kinds. */
#ifndef LEAKTRACE_TRACE_FUNCTIONS_H
#define LEAKTRACE_TRACE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "trace/probe_plan.h"

struct resource_kinds;

struct function_row {
	const char *name;
	struct wire_probe probe;
	bool in_musl;	      /* only in musl, before those of any library */
	bool in_libc;	      /* only in the C library */
	bool is_source_name;  /* also as people write it: "app::Parser::read" */
	char *const *objects; /* patterns of the file's name (fnmatch); NULL: any file */
	size_t object_count;
};

struct function_list {
	struct function_row *rows;
	size_t count;
	bool found[WIRE_KINDS]; /* kinds, a function of which was in a file */
	bool calls_found[WIRE_CALLS_MAX];
};

/* The thread library's functions. Returns 0 or -ENOMEM. */
int functions_add_threads(struct function_list *list);
/* What a process passes at its end, so that it can be looked at. Returns 0 or -ENOMEM. */
int functions_add_last(struct function_list *list);
/*
 * The functions of a user's kinds, the first of which has the number `first_kind`.
 * `kinds` must outlive the list. Returns 0 or -ENOMEM.
 */
int functions_add_resources(struct function_list *list, const struct resource_kinds *kinds,
			    unsigned first_kind);
/*
 * Functions whose calls are scopes, by their number: symbols, or C++ and Rust names with or
 * without parameters. Returns 0 or -ENOMEM.
 */
int functions_add_calls(struct function_list *list, const char *const *names, size_t count);
void functions_clear(struct function_list *list);

/*
 * Adds to the plan the functions of the list that `file` defines; `path` is its name.
 * The plan's allocator is known already. Returns 0 or -ENOMEM.
 */
int functions_choose(struct elf_file *file, const char *path, struct function_list *list,
		     struct probe_plan *plan);

#endif
