/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the text report as a whole: the line that says it all, the order of
 * processes, what was lost. Must not judge, sort or filter call sites.
 */
#include "report/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/verdict.h"
#include "model/snapshot.h"
#include "report/escape.h"
#include "report/format.h"

/* Processes shown of many, without -v. */
#define ROWS_SHOWN 20

const char *text_paint(const struct text_view *view, enum text_paint paint)
{
	static const char *const sequences[] = {
		[PAINT_OFF] = "\033[0m",
		[PAINT_SIZE] = "\033[1m",
		[PAINT_LOSS] = "\033[31m",
		[PAINT_PATH] = "\033[2m",
	};

	return view->style->colour ? sequences[paint] : "";
}

size_t text_label(FILE *out, const struct process *process)
{
	size_t columns = escape_write(out, process->comm);

	if (out)
		fprintf(out, "[%u]", process->pid);
	return columns + (size_t)snprintf(NULL, 0, "[%u]", process->pid);
}

const char *text_end(char buffer[TEXT_END_SIZE], const struct process *process)
{
	static const char *const texts[] = {
		[PROCESS_RUNNING] = "still running",
		[PROCESS_EXITED] = "exited with status %d",
		[PROCESS_SIGNALED] = "killed by signal %d",
		[PROCESS_EXECED] = "replaced by exec",
	};
	const char *signal = sigabbrev_np(process->end_value);

	if (process->end == PROCESS_SIGNALED && signal)
		snprintf(buffer, TEXT_END_SIZE, "killed by SIG%s", signal);
	else
		snprintf(buffer, TEXT_END_SIZE, texts[process->end], process->end_value);
	return buffer;
}

void text_unmeasured(const struct text_view *view, const struct process *process)
{
	const char *reason = process->unmeasured_reason;

	fprintf(view->out, ", %snot measured: ", text_paint(view, PAINT_LOSS));
	escape_write(view->out, reason ? reason : "no allocator was found");
	fputs(text_paint(view, PAINT_OFF), view->out);
}

/* Sums over the processes whose end is known or open, but not replaced images. */
struct summary {
	const struct process *process; /* one of them */
	size_t process_count;
	size_t unmeasured_count;
	struct finding_total found[KIND_MAX];
	struct finding_total classes[KIND_MAX][CLASS_COUNT];
	struct finding_total live[KIND_MAX]; /* before any filter */
	bool spoiled;
	bool suppressed; /* something was */
};

static void total_add(struct finding_total *sum, const struct finding_total *total)
{
	sum->site_count += total->site_count;
	sum->live_count += total->live_count;
	sum->live_bytes += total->live_bytes;
}

static void summary_add(struct summary *summary, const struct process_findings *result,
			size_t kind_count)
{
	summary->process = result->process;
	summary->process_count++;
	summary->unmeasured_count += !result->process->measured;
	for (int kind = 0; kind < KIND_MAX; kind++) {
		total_add(&summary->found[kind], &result->totals[kind]);
		for (int leak_class = 0; (size_t)kind < kind_count && leak_class < CLASS_COUNT;
		     leak_class++)
			total_add(&summary->classes[kind][leak_class],
				  &result->kinds[kind].classes[leak_class]);
		summary->live[kind].live_count += result->process->totals[kind].live_count;
		summary->live[kind].live_bytes += result->process->totals[kind].live_bytes;
		summary->suppressed |= result->suppressed[kind].live_count > 0;
	}
}

static void summary_make(struct summary *summary, const struct findings *findings)
{
	*summary = (struct summary){ 0 };
	for (size_t i = 0; i < findings->process_count; i++)
		if (findings->processes[i].process->end != PROCESS_EXECED &&
		    !findings->processes[i].is_ignored)
			summary_add(summary, &findings->processes[i],
				    findings->snapshot->kind_count);
	for (int i = 0; i < LOSS_COUNT; i++)
		summary->spoiled |= loss_table[i].spoils && findings->snapshot->losses[i];
}

/* "1.2 MB (1,234,567 bytes) in 1,024 blocks" */
static void write_amount(const struct text_view *view, size_t kind,
			 const struct finding_total *total)
{
	const struct kind_info *info = &view->findings->snapshot->kinds[kind];
	char bytes[FORMAT_SIZE], blocks[FORMAT_SIZE];

	fprintf(view->out, "%s%s%s",
		info->has_bytes ? format_bytes_exact(bytes, total->live_bytes) : "",
		info->has_bytes ? " in " : "",
		format_number_of(blocks, total->live_count, info->noun, info->nouns));
}

/* What was looked for in memory: by class, what is lost. */
static bool write_lost(const struct text_view *view, size_t kind,
		       const struct finding_total classes[CLASS_COUNT], bool any)
{
	for (int leak_class = 0; leak_class < CLASS_REACHABLE; leak_class++) {
		if (!classes[leak_class].live_count)
			continue;
		fprintf(view->out, "%s%s", any ? ", " : "", text_paint(view, PAINT_SIZE));
		write_amount(view, kind, &classes[leak_class]);
		fprintf(view->out, "%s %s", text_paint(view, PAINT_OFF),
			leak_class_text((enum leak_class)leak_class));
		any = true;
	}
	return any;
}

/* Returns false when there is nothing to tell. */
static bool write_found(const struct text_view *view, const struct summary *summary)
{
	char sites[FORMAT_SIZE];
	bool any = false;

	for (int kind = 0; kind < KIND_MAX; kind++) {
		const struct finding_total *unclassified =
			&summary->classes[kind][CLASS_UNCLASSIFIED];

		any = write_lost(view, kind, summary->classes[kind], any);
		if (!unclassified->live_count)
			continue;
		fprintf(view->out, "%s%s %s %s", any ? ", " : "",
			format_number_of(sites, unclassified->site_count, "call site",
					 "call sites"),
			unclassified->site_count == 1 ? "holds" : "hold",
			text_paint(view, PAINT_SIZE));
		write_amount(view, kind, unclassified);
		fputs(text_paint(view, PAINT_OFF), view->out);
		any = true;
	}
	return any;
}

/* Returns false when nothing is. */
static bool write_reachable(const struct text_view *view, const struct summary *summary)
{
	for (int kind = 0; kind < KIND_MAX; kind++) {
		if (!summary->classes[kind][CLASS_REACHABLE].live_count)
			continue;
		fputs("nothing is lost", view->out);
		return true;
	}
	return false;
}

/* Nothing was found, which may still be for the filters. */
static void write_none(const struct text_view *view, const struct summary *summary)
{
	const struct snapshot *snapshot = view->findings->snapshot;
	const struct finding_filter *filter = &view->findings->filter;
	bool any = false, filters = filter->min_size || filter->max_size || filter->min_age_ns;

	for (int kind = 0; filters && kind < KIND_MAX; kind++) {
		if (!summary->live[kind].live_count)
			continue;
		fputs(any ? ", " : "none of ", view->out);
		write_amount(view, kind, &summary->live[kind]);
		any = true;
	}
	if (any)
		fputs(" passes the filters", view->out);
	else if (summary->suppressed)
		fputs("nothing but what is suppressed", view->out);
	if (any || summary->suppressed)
		return;
	for (size_t kind = 0; kind < snapshot->kind_count; kind++) {
		if (!snapshot->traced[kind])
			continue;
		fprintf(view->out, "%s %s", any ? "," : "no live", snapshot->kinds[kind].nouns);
		any = true;
	}
}

static void write_where(const struct text_view *view, const struct summary *summary)
{
	const struct process *only = summary->process_count == 1 ? summary->process : NULL;
	char processes[FORMAT_SIZE], end[TEXT_END_SIZE];

	if (only) {
		fputs(only->end == PROCESS_RUNNING ? " in " : " at the end of ", view->out);
		text_label(view->out, only);
		fprintf(view->out, " (%s)", text_end(end, only));
	} else {
		fprintf(view->out, " in %s",
			format_number_of(processes, summary->process_count, "process",
					 "processes"));
	}
	if (summary->unmeasured_count)
		fprintf(view->out, ", %s of them not measured",
			format_count(processes, summary->unmeasured_count));
	if (summary->spoiled)
		fprintf(view->out, ", %sbut data was lost%s", text_paint(view, PAINT_LOSS),
			text_paint(view, PAINT_OFF));
	fputc('\n', view->out);
}

static void write_unmeasured(const struct text_view *view)
{
	const struct verdict *verdict = view->verdict;

	fprintf(view->out, "%snothing was measured%s", text_paint(view, PAINT_LOSS),
		text_paint(view, PAINT_OFF));
	for (size_t i = 0; i < verdict->reason_count; i++) {
		fputs(i ? "; " : ": ", view->out);
		escape_write(view->out, verdict->reasons[i].text);
		if (verdict->reasons[i].value > 1)
			fprintf(view->out, " (%" PRIu64 ")", verdict->reasons[i].value);
	}
	fputc('\n', view->out);
}

static void write_headline(const struct text_view *view, const struct summary *summary)
{
	char sample[FORMAT_SIZE];

	fputs("leaktrace: ", view->out);
	if (view->verdict->nothing_measured) {
		write_unmeasured(view);
		return;
	}
	if (!write_found(view, summary) && !write_reachable(view, summary))
		write_none(view, summary);
	write_where(view, summary);
	if (view->findings->snapshot->sample_bytes)
		fprintf(view->out,
			"           heap blocks are a sample, one point per %s: figures are "
			"estimates\n",
			format_bytes(sample, view->findings->snapshot->sample_bytes));
}

/* Not measured first: they must not be overlooked. Then most live bytes; then pid and image. */
static int compare_rows(const void *left, const void *right)
{
	const struct process *a = (*(const struct process_findings *const *)left)->process;
	const struct process *b = (*(const struct process_findings *const *)right)->process;

	if (a->measured != b->measured)
		return a->measured ? 1 : -1;
	for (int kind = 0; kind < KIND_MAX; kind++)
		if (a->totals[kind].live_bytes != b->totals[kind].live_bytes)
			return a->totals[kind].live_bytes < b->totals[kind].live_bytes ? 1 : -1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return (a->image > b->image) - (a->image < b->image);
}

static int write_processes(const struct text_view *view)
{
	const struct findings *findings = view->findings;
	const struct process_findings **rows = calloc(findings->process_count + 1, sizeof(*rows));
	size_t count = 0, shown;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < findings->process_count; i++)
		if (!findings->processes[i].is_ignored &&
		    (findings->processes[i].process->end != PROCESS_EXECED ||
		     view->style->verbosity >= 1))
			rows[count++] = &findings->processes[i];
	qsort(rows, count, sizeof(*rows), compare_rows);
	shown = count > ROWS_SHOWN && view->style->verbosity < 1 ? ROWS_SHOWN : count;
	if (count > 1)
		text_table(view, rows, count, shown);
	for (size_t i = 0; i < shown; i++)
		if (count == 1 || text_has_section(view, rows[i]))
			text_section(view, rows[i]);
	free(rows);
	return 0;
}

static void write_losses(const struct text_view *view, bool spoils, const char *title,
			 enum text_paint paint)
{
	const uint64_t *losses = view->findings->snapshot->losses;
	char number[FORMAT_SIZE];
	bool any = false;

	for (int i = 0; i < LOSS_COUNT; i++) {
		if (!losses[i] || loss_table[i].spoils != spoils)
			continue;
		fprintf(view->out, "%s%s  %s %s%s\n", any ? "" : title, text_paint(view, paint),
			format_count(number, losses[i]), loss_table[i].text,
			text_paint(view, PAINT_OFF));
		any = true;
	}
}

int report_text(const struct findings *findings, const struct verdict *verdict,
		const struct report_style *style, FILE *stream)
{
	const struct text_view view = { findings, verdict, style, stream };
	struct summary summary;
	int err;

	errno = 0;
	summary_make(&summary, findings);
	write_headline(&view, &summary);
	err = write_processes(&view);
	if (err)
		return err;
	text_scopes(&view);
	text_suppressions(&view);
	write_losses(&view, true, "\nData was lost; the figures above may be wrong:\n", PAINT_LOSS);
	write_losses(&view, false, "\nAlso seen:\n", PAINT_PATH);
	text_verdict(&view);
	if (fflush(stream) != 0 || ferror(stream))
		return errno ? -errno : -EIO;
	return 0;
}
