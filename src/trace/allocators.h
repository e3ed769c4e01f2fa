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

#include "trace/probe_plan.h"

struct elf_file;

struct allocator_options {
	const char *const
		*prefixes; /* functions are also looked for under these: "je_" for je_malloc */
	size_t prefix_count;
	bool recognise_only; /* name the allocator, probe none of it */
};

/*
 * Adds to the plan the functions of the allocator that `file` defines, and names it;
 * none when it defines none: it has no malloc, or a prefixed one without its free. C++
 * operators are taken only beside a malloc, and functions that hand on to another
 * probed one are left out. Returns 0, -ENOMEM, or -E2BIG when the file claims more
 * functions than any allocator has.
 */
int allocators_choose(struct elf_file *file, const struct allocator_options *options,
		      struct probe_plan *plan);

/*
 * The file offset of one function's entry (ld.so's _dl_debug_state, say). Returns 0,
 * or -ENOENT when the file defines no function of this name.
 */
int symbol_plan_address(struct elf_file *file, const char *name, uint64_t *file_offset);

#endif
