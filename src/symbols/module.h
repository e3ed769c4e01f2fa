/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mapped file: the names of its addresses, each looked up once. */
#ifndef LEAKTRACE_SYMBOLS_MODULE_H
#define LEAKTRACE_SYMBOLS_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debug_server;
struct mapping;
struct module;
struct strings;

/* A function at an address. Strings are of the pool that the module was given. */
struct place {
	const char *function; /* NULL: unknown */
	const char *symbol;   /* before it was demangled; NULL: it was not */
	const char *file;     /* full path, NULL: unknown */
	uint32_t line;	      /* 0: unknown */
};

#define LOCATION_NO_START UINT64_MAX

/* Innermost place first, at least one: all but the last are inlined. */
struct location {
	const struct place *places;
	size_t place_count;
	uint64_t start; /* address of the function, LOCATION_NO_START: unknown */
};

/* What modules have in common. It must outlive them. */
struct module_context {
	bool demangle;
	const char *debug_root;
	struct debug_server *server; /* NULL: none is asked */
	struct strings *strings;
};

/*
 * Opens the file of a mapping: through `open_path`, or else by `path` if the
 * inode there is still the mapping's. What lies beside the file is looked for below
 * `process_root`. Returns 0, -errno of elf_file_open, -ESTALE when
 * another file has taken its place, -ENOENT when there is no path, -ENOMEM.
 */
int module_open(const struct mapping *mapping, const char *process_root,
		const struct module_context *context, struct module **module);
/* Takes NULL. */
void module_close(struct module *module);

/* Hex, NULL: none. */
const char *module_build_id(struct module *module);

/* Virtual address in the file's own terms, UINT64_MAX: the offset is in no segment. */
uint64_t module_address_of(struct module *module, uint64_t file_offset);

/* What is at an address; kept for the next time. Returns 0 or -ENOMEM. */
int module_locate(struct module *module, uint64_t address, struct location *location);

#endif
