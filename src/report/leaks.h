/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reports for other systems list: what failed the gate, or, without one, what the text shows.
 */
#ifndef LEAKTRACE_REPORT_LEAKS_H
#define LEAKTRACE_REPORT_LEAKS_H

#include <stddef.h>
#include <stdint.h>

struct findings;
struct verdict;
struct verdict_leak;
struct finding;
struct frame;

/* An array to be freed, NULL when out of memory. */
struct verdict_leak *report_leaks(const struct findings *findings, const struct verdict *verdict,
				  size_t *count);

/* The frame with a source file that a user wants to be led to; NULL: there is none. */
const struct frame *report_source_frame(const struct finding *finding);

/* The same for the same place, whatever the addresses are. */
uint64_t report_fingerprint(const struct finding *finding);

#endif
