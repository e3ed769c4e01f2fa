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

struct differences;
struct findings;
struct scope_results;
struct snapshot;
struct usage;
struct usage_differences;
struct verdict;

struct report_style {
	bool colour;
	int verbosity;	      /* as log_level() */
	size_t max_resources; /* listed per site in JSON */
};

/* A view of all findings. Each returns 0, -ENOMEM or -errno of the stream; not all have a style. */
typedef int report_view(const struct findings *findings, const struct verdict *verdict,
			const struct report_style *style, FILE *stream);

/* Text for people. */
report_view report_text;
/* Schema leaktrace/1. */
report_view report_json;
/* JUnit's XML: a case for each process and each mark, failed by the verdict's reasons. */
report_view report_junit;
/* Valgrind's XML, protocol 4 (docs/internals/xml-output-protocol4.txt of its sources). */
report_view report_valgrind_xml;
/* SARIF 2.1.0 (OASIS). */
report_view report_sarif;
/* A summary as GitHub shows it. */
report_view report_markdown;
/* Workflow commands of GitHub: "::error file=...,line=...::...", one for each leak. */
report_view report_annotations;
/* A suppression for each leak that the text shows, in Valgrind's grammar. */
report_view report_suppressions;

/* What has changed between two runs; `findings` are of the new one. Both return 0 or -errno. */
int report_diff(const struct findings *findings, const struct verdict *verdict,
		const struct differences *differences, const struct report_style *style,
		FILE *stream);
/* Schema leaktrace-diff/1. */
int report_diff_json(const struct findings *findings, const struct verdict *verdict,
		     const struct differences *differences, FILE *stream);

/* What two commands need (`least`: of each), and where they differ; schema leaktrace-compare/1. */
int report_compare(const struct usage *least, const struct usage_differences *differences,
		   bool needs_more, FILE *stream);
int report_compare_json(const struct usage *least, const struct usage_differences *differences,
			bool needs_more, FILE *stream);

/* One scope, of all processes that have it, as it stands in leaktrace/1; an array. */
int report_scope(const struct scope_results *results, const char *name,
		 const struct snapshot *snapshot, FILE *stream);

#endif
