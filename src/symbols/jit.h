/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of a process's code that is in no file. */
#ifndef LEAKTRACE_SYMBOLS_JIT_H
#define LEAKTRACE_SYMBOLS_JIT_H

struct jit_table;
struct process;

#define JIT_MODULE "[jit]"

/*
 * Reads what compilers left for the process: /tmp/perf-PID.map, in the process's
 * own root and by its own pid while it lives, in ours afterwards; and jit-*.dump
 * when the process maps one, or, of a process that
 * is gone, did when it was last looked at. Only regular files count; a map must be
 * of the process's user or of root, or, of a process that is gone, of our user or of
 * root. The first 64 MB of each are read, and few dumps. The table is empty when there is none.
 * Returns 0 or -ENOMEM.
 */
int jit_read(const struct process *process, struct jit_table **table);

#endif
