/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reasons of a verdict in words, for every view. Names are escaped. */
#ifndef LEAKTRACE_REPORT_VERDICT_H
#define LEAKTRACE_REPORT_VERDICT_H

#include <stdio.h>

struct finding;
struct frame;
struct gate_rule;
struct snapshot;
struct verdict_reason;

/* "heap:definite,possible>1.0 MB" */
void verdict_write_rule(const struct gate_rule *rule, FILE *out);
/* "288 bytes in 9 blocks lost in demo[17], most by copy_value demo.c:29 (2 call sites)" */
void verdict_write_reason(const struct verdict_reason *reason, const struct snapshot *snapshot,
			  FILE *out);

/* "open_session", "libx.so", "?": what to call the place of a finding in a few words. */
const char *verdict_place_name(const struct finding *finding);
/* "open_session demo.c:51"; takes NULL, which is an unknown place. */
void verdict_write_place(const struct frame *frame, FILE *out);
/* "2.4 KB (2,400 bytes) in 25 blocks definitely lost" */
void verdict_write_finding(const struct finding *finding, const struct snapshot *snapshot,
			   FILE *out);
/* Both in a string, to be freed; NULL when out of memory. */
char *verdict_reason_text(const struct verdict_reason *reason, const struct snapshot *snapshot);
char *verdict_finding_text(const struct finding *finding, const struct snapshot *snapshot);

#endif
