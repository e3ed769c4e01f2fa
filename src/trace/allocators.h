/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an ELF file to the probes it needs: does it define an allocator, which of
 * its functions are to be probed, and where in them. Knows symbols and code;
 * knows no process and no BPF.
 */
#ifndef LEAKTRACE_TRACE_ALLOCATORS_H
#define LEAKTRACE_TRACE_ALLOCATORS_H

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
	struct wire_probe probe;
	const char *function; /* the symbol, valid as long as the plan */
	struct placement placement;
};

struct probe_plan {
	struct probe_site *sites; /* by address, none twice */
	size_t count;
	const char *allocator; /* "glibc", "jemalloc", ..., "unknown allocator"; NULL: none */
	struct strings *names; /* owns the sites' functions */
};

struct allocator_options {
	const char *const
		*prefixes; /* functions are also looked for under these: "je_" for je_malloc */
	size_t prefix_count;
	bool at_entry; /* probe at the entry, whatever it costs */
};

/*
 * Plans the probes for the allocator that `file` defines; the plan is empty when it
 * defines none: it has no malloc, or a prefixed one without its free. C++ operators are taken only
 * beside a malloc, and functions that hand on to another probed one are left out.
 * A site with placement.reason PLACE_UNPROBEABLE is one that can't be had.
 * Returns 0, -ENOMEM, or -E2BIG when the file claims more functions than any
 * allocator has.
 */
int allocators_plan(struct elf_file *file, const struct allocator_options *options,
		    struct probe_plan **plan);
/* Takes NULL. */
void probe_plan_free(struct probe_plan *plan);

/*
 * The file offset of one function's entry (ld.so's _dl_debug_state, say). Returns 0,
 * or -ENOENT when the file defines no function of this name.
 */
int symbol_plan_address(struct elf_file *file, const char *name, uint64_t *file_offset);

#endif
