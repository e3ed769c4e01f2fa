/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns how one process reads: its totals, and what is not shown. Must not judge,
 * sort or filter.
 */
#include "report/text.h"

#include "analyze/findings.h"
#include "model/snapshot.h"
#include "report/escape.h"
#include "report/format.h"

static void write_total(FILE *out, const char *kind, const char *what, const char *count,
			const char *bytes)
{
	fprintf(out, "  %-6s  %-15s  %14s%s%s\n", kind, what, count, bytes[0] ? "  " : "", bytes);
}

/* A user's kinds and those that nothing was acquired of need no lines of zeros. */
static bool has_totals(const struct snapshot *snapshot, const struct process *process, size_t kind)
{
	return snapshot->traced[kind] &&
	       (kind == KIND_HEAP || process->totals[kind].acquired_count);
}

static void write_classes(const struct text_view *view,
			  const struct finding_total classes[CLASS_COUNT],
			  const struct kind_info *kind)
{
	char count[FORMAT_SIZE], bytes[FORMAT_SIZE];

	for (int leak_class = 0; leak_class < CLASS_UNCLASSIFIED; leak_class++)
		if (classes[leak_class].live_count)
			write_total(view->out, "", leak_class_text((enum leak_class)leak_class),
				    format_count(count, classes[leak_class].live_count),
				    kind->has_bytes ? format_bytes_exact(
							      bytes, classes[leak_class].live_bytes)
						    : "");
}

static void write_totals(const struct text_view *view, const struct process_findings *result)
{
	const struct process *process = result->process;
	const struct snapshot *snapshot = view->findings->snapshot;

	for (size_t i = 0; i < snapshot->kind_count; i++) {
		const struct kind_info *kind = &snapshot->kinds[i];
		const struct totals *totals = &process->totals[i];
		const struct {
			const char *what;
			uint64_t count;
			uint64_t bytes;
		} rows[] = {
			{ kind->acquisitions, totals->acquired_count, totals->acquired_bytes },
			{ kind->releases, totals->released_count, totals->released_bytes },
			{ "live", totals->live_count, totals->live_bytes },
		};
		char count[FORMAT_SIZE], bytes[FORMAT_SIZE];

		if (!has_totals(snapshot, process, i))
			continue;
		for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
			write_total(view->out, row ? "" : kind->name, rows[row].what,
				    format_count(count, rows[row].count),
				    kind->has_bytes ? format_bytes_exact(bytes, rows[row].bytes)
						    : "");
		if (totals->live_count_error)
			write_total(view->out, "", "live, +- (95%)",
				    format_count(count, totals->live_count_error),
				    kind->has_bytes
					    ? format_bytes_exact(bytes, totals->live_bytes_error)
					    : "");
		if (kind->has_bytes && totals->peak_bytes)
			write_total(view->out, "", "peak", "",
				    format_bytes_exact(bytes, totals->peak_bytes));
		write_classes(view, result->kinds[i].classes, kind);
	}
	if (process->brk_bytes > 0 && view->style->verbosity >= 1) {
		char grown[FORMAT_SIZE];

		write_total(view->out, "brk", "grown by", "",
			    format_bytes_exact(grown, process->brk_bytes));
	}
}

/* "not leaks: 12 mappings of the dynamic linker (3.1 MB), 2 descriptors inherited" */
static void write_others(const struct text_view *view, const struct process_findings *result)
{
	const struct snapshot *snapshot = view->findings->snapshot;
	const char *before = "\n  not leaks: ";

	for (size_t kind = 0; kind < snapshot->kind_count; kind++) {
		for (int role = 0; role < ROLE_COUNT; role++) {
			const struct kind_info *info = &snapshot->kinds[kind];
			char count[FORMAT_SIZE], bytes[FORMAT_SIZE];
			uint64_t live_count = 0, live_bytes = 0;

			for (size_t i = 0; i < result->other_count; i++) {
				const struct finding *other = &result->others[i];

				if (other->site->kind != kind ||
				    other->site->role != (enum role)role)
					continue;
				live_count += other->live_count;
				live_bytes += other->live_bytes;
			}
			if (!live_count)
				continue;
			fprintf(view->out, "%s%s %s", before,
				format_number_of(count, live_count, info->noun, info->nouns),
				role_table[role].text);
			if (info->has_bytes)
				fprintf(view->out, " (%s)", format_bytes(bytes, live_bytes));
			before = ", ";
		}
	}
	if (before[0] == ',')
		fputc('\n', view->out);
}

/* "suppressed: 1.2 KB in 3 blocks, 2 descriptors" */
static void write_suppressed(const struct text_view *view, const struct process_findings *result)
{
	const struct snapshot *snapshot = view->findings->snapshot;
	char count[FORMAT_SIZE], bytes[FORMAT_SIZE];
	const char *before = "\n  suppressed: ";

	for (size_t i = 0; i < snapshot->kind_count; i++) {
		const struct kind_info *kind = &snapshot->kinds[i];
		const struct finding_total *total = &result->suppressed[i];

		if (!total->live_count)
			continue;
		fprintf(view->out, "%s%s%s%s", before,
			kind->has_bytes ? format_bytes(bytes, total->live_bytes) : "",
			kind->has_bytes ? " in " : "",
			format_number_of(count, total->live_count, kind->noun, kind->nouns));
		before = ", ";
	}
	if (before[0] == ',')
		fputc('\n', view->out);
}

static void write_hidden(const struct text_view *view, const struct process_findings *result)
{
	char sites[FORMAT_SIZE], bytes[FORMAT_SIZE];

	if (!result->hidden_count)
		return;
	fprintf(view->out, "\n  ... and %s with %s (--top 0 shows all)\n",
		format_number_of(sites, result->hidden_count, "more call site", "more call sites"),
		format_bytes(bytes, result->hidden_bytes));
}

/* "not shown: 1.2 MB in 300 blocks still reachable (--show-kinds all shows them)" */
static void write_unshown(const struct text_view *view, const struct process_findings *result)
{
	const struct snapshot *snapshot = view->findings->snapshot;
	const unsigned classes = view->findings->filter.classes;
	char count[FORMAT_SIZE], bytes[FORMAT_SIZE];
	bool any = false;

	for (size_t i = 0; i < snapshot->kind_count; i++) {
		const struct kind_info *kind = &snapshot->kinds[i];

		for (int leak_class = 0; leak_class <= CLASS_UNCLASSIFIED; leak_class++) {
			bool is_recent = leak_class == CLASS_UNCLASSIFIED;
			const struct finding_total *total =
				is_recent ? &result->kinds[i].recent
					  : &result->kinds[i].classes[leak_class];

			if (!total->live_count || classes == CLASSES_ALL ||
			    classes & 1U << leak_class)
				continue;
			fprintf(view->out, "%s%s%s%s %s", any ? ", " : "\n  not shown: ",
				kind->has_bytes ? format_bytes(bytes, total->live_bytes) : "",
				kind->has_bytes ? " in " : "",
				format_number_of(count, total->live_count, kind->noun, kind->nouns),
				is_recent ? "acquired since"
					  : leak_class_text((enum leak_class)leak_class));
			any = true;
		}
	}
	if (any)
		fputs(" (--show-kinds all)\n", view->out);
}

/* Why nothing is said of what is lost. */
static void write_scan(const struct text_view *view, const struct memory_scan *scan)
{
	char pause[FORMAT_SIZE];

	if (scan->state == SCAN_FAILED) {
		fprintf(view->out, "  %swhat is lost is not known: ", text_paint(view, PAINT_LOSS));
		escape_write(view->out, scan->reason);
		fprintf(view->out, "%s\n", text_paint(view, PAINT_OFF));
	} else if (scan->state == SCAN_DONE && view->style->verbosity >= 1) {
		fprintf(view->out, "  looked into memory: stopped for %s\n",
			format_age(pause, scan->pause_ns));
	}
}

bool text_has_section(const struct text_view *view, const struct process_findings *result)
{
	for (size_t i = 0; i < result->finding_count; i++)
		if (finding_is_shown(&view->findings->filter, &result->findings[i]))
			return true;
	for (size_t i = 0; view->style->verbosity >= 1 && i < KIND_MAX; i++)
		if (result->suppressed[i].live_count)
			return true;
	return result->process->scan.state == SCAN_FAILED && result->finding_count;
}

void text_section(const struct text_view *view, const struct process_findings *result)
{
	const struct process *process = result->process;
	char end[TEXT_END_SIZE], releases[FORMAT_SIZE];
	FILE *out = view->out;

	fputc('\n', out);
	text_label(out, process);
	if (process->exe) {
		fprintf(out, "  %s", text_paint(view, PAINT_PATH));
		escape_write(out, process->exe);
		fputs(text_paint(view, PAINT_OFF), out);
	}
	fprintf(out, "  %s", text_end(end, process));
	if (!process->measured)
		text_unmeasured(view, process);
	fputc('\n', out);
	if (!process->measured)
		return;
	write_totals(view, result);
	if (process->unmatched_releases && view->style->verbosity >= 1)
		fprintf(out, "  and %s of what was acquired before the trace\n",
			format_number_of(releases, process->unmatched_releases, "release",
					 "releases"));
	write_scan(view, &process->scan);
	for (size_t i = 0; i < result->finding_count; i++)
		if (finding_is_shown(&view->findings->filter, &result->findings[i]))
			text_finding(view, &result->findings[i]);
	write_hidden(view, result);
	write_unshown(view, result);
	write_suppressed(view, result);
	write_others(view, result);
}
