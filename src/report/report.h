/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views of findings. The only code that writes results; each view is a file and
 * takes a stream. Names that come from a target (comm, symbols, paths) are
 * escaped: a target cannot write terminal control sequences.
 */
#ifndef LEAKTRACE_REPORT_REPORT_H
#define LEAKTRACE_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct findings;
struct verdict;

struct report_style {
	bool colour;
	int verbosity;	      /* as log_level() */
	size_t max_resources; /* listed per site in JSON */
};

/* Text for people. Returns 0 or -errno of the stream. */
int report_text(const struct findings *findings, const struct verdict *verdict,
		const struct report_style *style, FILE *stream);

/* Schema leaktrace/1. Returns 0 or -errno of the stream. */
int report_json(const struct findings *findings, const struct verdict *verdict,
		const struct report_style *style, FILE *stream);

/*
 * A suppression for each leak that the text shows, in Valgrind's grammar. Returns 0 or -errno of
 * the stream.
 */
int report_suppressions(const struct findings *findings, FILE *stream);

#endif
