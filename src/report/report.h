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

/* Text for people. Returns 0 or -errno of the stream. */
int report_text(const struct findings *findings, const struct verdict *verdict,
		const struct report_style *style, FILE *stream);

/* Schema leaktrace/1. Returns 0 or -errno of the stream. */
int report_json(const struct findings *findings, const struct verdict *verdict,
		const struct report_style *style, FILE *stream);

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

/*
 * For systems that run tests. Each returns 0, -ENOMEM or -errno of the stream.
 *
 * JUnit's XML: a case for each process and each mark, failed by the verdict's reasons.
 */
int report_junit(const struct findings *findings, const struct verdict *verdict, FILE *stream);
/* Valgrind's XML, protocol 4 (docs/internals/xml-output-protocol4.txt of its sources). */
int report_valgrind_xml(const struct findings *findings, const struct verdict *verdict,
			FILE *stream);
/* SARIF 2.1.0 (OASIS). */
int report_sarif(const struct findings *findings, const struct verdict *verdict, FILE *stream);
/* A summary as GitHub shows it. */
int report_markdown(const struct findings *findings, const struct verdict *verdict, FILE *stream);
/* Workflow commands of GitHub: "::error file=...,line=...::...", one for each leak. */
int report_annotations(const struct findings *findings, const struct verdict *verdict,
		       FILE *stream);

/*
 * A suppression for each leak that the text shows, in Valgrind's grammar. Returns 0 or -errno of
 * the stream.
 */
int report_suppressions(const struct findings *findings, FILE *stream);

#endif
