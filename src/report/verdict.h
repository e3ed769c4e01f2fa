/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reasons of a verdict in words, for every view. Names are escaped. */
#ifndef LEAKTRACE_REPORT_VERDICT_H
#define LEAKTRACE_REPORT_VERDICT_H

#include <stdio.h>

struct gate_rule;
struct snapshot;
struct verdict_reason;

/* "heap:definite,possible>1.0 MB" */
void verdict_write_rule(const struct gate_rule *rule, FILE *out);
/* "288 bytes in 9 blocks lost in demo[17], most by copy_value demo.c:29 (2 call sites)" */
void verdict_write_reason(const struct verdict_reason *reason, const struct snapshot *snapshot,
			  FILE *out);

#endif
