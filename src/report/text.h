/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the text report share; of no use to others. */
#ifndef LEAKTRACE_REPORT_TEXT_H
#define LEAKTRACE_REPORT_TEXT_H

#include "report/report.h"

struct finding;
struct process;
struct process_findings;

struct text_view {
	const struct findings *findings;
	const struct verdict *verdict;
	const struct report_style *style;
	FILE *out;
};

enum text_paint {
	PAINT_OFF,
	PAINT_SIZE,
	PAINT_LOSS,
	PAINT_PATH,
};

/* The terminal sequence, "" without colour. */
const char *text_paint(const struct text_view *view, enum text_paint paint);

/* "demo[1234]". Returns the columns; measures only when `out` is NULL. */
size_t text_label(FILE *out, const struct process *process);

#define TEXT_END_SIZE 48
/* "exited with status 0", "killed by SIGSEGV", "still running", "replaced by exec" */
const char *text_end(char buffer[TEXT_END_SIZE], const struct process *process);

/* Writes ", not measured: WHY" in the colour of a loss. */
void text_unmeasured(const struct text_view *view, const struct process *process);

/* A process's totals and findings. */
void text_finding(const struct text_view *view, const struct finding *finding);
/* The stack, a line each. */
void text_frames(const struct text_view *view, const struct finding *finding);
/* Whether there is more to tell of a process than the table has. */
bool text_has_section(const struct text_view *view, const struct process_findings *result);
void text_section(const struct text_view *view, const struct process_findings *result);

/* With -v: each suppression, and what it left out; those that left out nothing. */
void text_suppressions(const struct text_view *view);

/* Scopes, and what each round of them left behind. */
void text_scopes(const struct text_view *view);
/* Whether the gate holds, and each reason. */
void text_verdict(const struct text_view *view);

/* One line per process, most live bytes first, and the sum; for every kind. */
void text_table(const struct text_view *view, const struct process_findings **rows,
		size_t row_count, size_t shown_count);

#endif
