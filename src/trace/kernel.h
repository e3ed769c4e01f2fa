/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the running kernel and our rights allow, found by asking and not by version. */
#ifndef LEAKTRACE_TRACE_KERNEL_H
#define LEAKTRACE_TRACE_KERNEL_H

#include <stdbool.h>

#include "trace/attach_mode.h"

/* Name of the first capability that tracing needs and we have not; NULL when we have all. */
const char *kernel_missing_capability(void);

/* True when the kernel describes its types (BTF), without which nothing can be loaded. */
bool kernel_has_btf(void);

/*
 * The best way to attach that works, or `wanted` if that does. Returns 0 or
 * -EOPNOTSUPP.
 */
int kernel_choose_attach(enum attach_mode wanted, enum attach_mode *mode);

/* Whether a program can read the memory of another process (Linux 5.18). */
bool kernel_reads_memory(void);

/* "session", "multi", "single" */
const char *attach_mode_name(enum attach_mode mode);

/*
 * Who gets transparent huge pages, enum wire_huge; see admin-guide/mm/transhuge.rst in the
 * kernel's documentation.
 */
unsigned kernel_huge_pages(void);

#endif
