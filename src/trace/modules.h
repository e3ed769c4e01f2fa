/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that followed processes map, each looked at once: is there an
 * allocator in it, where do its probes go. A module keeps its file open, so that
 * its code and symbols can be read when the process, or the file's name, is gone.
 */
#ifndef LEAKTRACE_TRACE_MODULES_H
#define LEAKTRACE_TRACE_MODULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/allocators.h"
#include "trace/functions.h"
#include "util/hash.h"

struct proc_map;

struct module_key {
	uint64_t device; /* major << 20 | minor */
	uint64_t inode;
};

/* A segment of the file that processes map: where it begins, by offset and by address. */
struct module_segment {
	uint64_t offset;
	uint64_t address; /* virtual; UINT64_MAX: in no segment */
};

#define MODULE_SEGMENTS 4

/* Where the file's unwind table is in the kernel: kept by the unwinder. */
struct module_unwind {
	bool tried;
	uint32_t table;
	uint32_t granules; /* 0: none */
	uint64_t text_start;
	struct module_segment segments[MODULE_SEGMENTS];
	size_t segment_count;
};

struct module {
	struct module_key key;
	int fd;
	char *path;		 /* as the first process that mapped it sees it */
	char open_path[32];	 /* of `fd` */
	bool examined;		 /* the fields below are set */
	int error;		 /* of looking at it */
	const char *build_id;	 /* NULL: none */
	struct probe_plan *plan; /* NULL: not an ELF file of ours; may be empty */
	char *suppressions;	 /* that it brings for itself; NULL: none */
	bool is_go;
	bool is_foreign;       /* an ELF file of another class or machine: a 32-bit program */
	bool has_library_hook; /* ld.so: a function called when the list of libraries changes */
	uint64_t library_hook_offset;
	int64_t library_state; /* its `_r_debug` less the hook's address, 0: unknown */
	bool attached;	       /* for every process that maps it */
	struct module_unwind unwind;
	UT_hash_handle hh;
};

struct modules;

struct modules_options {
	struct allocator_options allocators;
	struct function_list *functions; /* to probe besides; what is found is noted there */
	bool at_entry;			 /* probe at entries, whatever it costs */
};

struct modules *modules_new(const struct modules_options *options);
/* Takes NULL. */
void modules_free(struct modules *modules);

/*
 * The module of a mapping of a living process, opened through the process's own
 * root; NULL when it cannot be opened or is no ELF file for this machine.
 */
struct module *modules_of_mapping(struct modules *modules, pid_t pid, const struct proc_map *map);

/*
 * The module of an open file, not yet examined; takes `fd` over, also on failure.
 * `path` is its name in reports. Returns NULL when out of memory or no regular file.
 */
struct module *modules_add_file(struct modules *modules, int fd, const char *path);

/*
 * Reads the file, the first time; a file that is no ELF file has no plan.
 * Returns `module`; takes NULL.
 */
struct module *modules_examine(struct modules *modules, struct module *module);

/* The module of a file that was seen before; NULL: none. */
const struct module *modules_find(struct modules *modules, uint64_t device, uint64_t inode);

/* Calls `visit` for each module until it returns nonzero; returns what it returned. */
int modules_each(struct modules *modules, int (*visit)(struct module *module, void *context),
		 void *context);

/* True when the module is an allocator. */
bool module_is_allocator(const struct module *module);
/* A library of an allocator and nothing else: not the C library, no program. */
bool module_only_allocates(const struct module *module);
/* True when the module defines functions to probe. */
bool module_has_probes(const struct module *module);

#endif
