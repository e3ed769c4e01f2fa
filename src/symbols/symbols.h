/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names for addresses. Knows files, symbol tables and DWARF; knows nothing of
 * how the stacks came to be. May be asked after the process is gone: what it
 * needs of files is in the snapshot's mappings.
 */
#ifndef LEAKTRACE_SYMBOLS_SYMBOLS_H
#define LEAKTRACE_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

struct process;
struct snapshot;
struct symbols;

struct symbols_options {
	bool demangle;
	const char *debug_root; /* where separate debug files are: "/usr/lib/debug" when NULL */
};

/* Returns a symbolizer that keeps opened files for further calls, NULL when out of memory. */
struct symbols *symbols_new(const struct symbols_options *options);
/* Takes NULL. */
void symbols_free(struct symbols *symbols);

/*
 * Fills `frames` of every stack of the snapshot that has none: function + offset,
 * module, build-id, file and line, inlined calls as frames of their own
 * (innermost first). Return addresses are looked up at ip - 1. A file that
 * cannot be opened, or whose build-id or inode is not the mapping's, gives
 * frames with module and module-relative address only. Code in no file has the
 * module "[jit]" when its compiler left names for it. Returns 0 or -ENOMEM.
 */
int symbols_resolve(struct symbols *symbols, struct snapshot *snapshot);

/*
 * The same for one process of it, `limit` stacks at most. Returns how many were
 * named, 0: none is left, or -ENOMEM.
 */
int symbols_resolve_process(struct symbols *symbols, struct snapshot *snapshot,
			    struct process *process, size_t limit);

#endif
