/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that acquire and release resources. Data and a look-up. */
#ifndef LEAKTRACE_TRACE_SYSCALL_TABLE_H
#define LEAKTRACE_TRACE_SYSCALL_TABLE_H

#include <stdbool.h>

#include "wire.h"

/*
 * Fills the kernel's table, by number, with the calls of the kinds that are traced.
 * Returns whether there are any.
 */
bool syscall_table_fill(const bool traced[WIRE_KINDS], struct wire_syscall table[WIRE_SYSCALLS]);

#endif
