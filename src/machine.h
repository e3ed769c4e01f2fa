/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run needs of the machine, asked for before anything is loaded. */
#ifndef LEAKTRACE_MACHINE_H
#define LEAKTRACE_MACHINE_H

#include "trace/attach_mode.h"

struct options;

/* Whether tracing can work at all, and how to attach; says why not. Returns 0 or -errno. */
int machine_check(const struct options *options, enum attach_mode *mode);
/* Every mapped file is kept open, so the usual 1,024 descriptors may be too few. */
void machine_raise_descriptor_limit(void);

#endif
