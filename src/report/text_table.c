/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the overview of many processes. Must not choose which processes there are. */
#include "report/text.h"

#include "analyze/findings.h"
#include "model/snapshot.h"
#include "report/escape.h"
#include "report/format.h"

#define COMMAND_COLUMNS 16

static void write_cells(FILE *out, const struct totals *totals, const struct kind_info *kind)
{
	char acquired[FORMAT_SIZE], released[FORMAT_SIZE], bytes[FORMAT_SIZE], live[FORMAT_SIZE];

	fprintf(out, "  %11s  %11s  %10s  %10s", format_count(acquired, totals->acquired_count),
		format_count(released, totals->released_count),
		kind->has_bytes ? format_bytes(bytes, totals->live_bytes) : "-",
		format_count(live, totals->live_count));
}

static void write_row(const struct text_view *view, const struct process *process, size_t kind)
{
	char end[TEXT_END_SIZE];
	size_t columns;

	fprintf(view->out, "%8u  ", process->pid);
	columns = escape_write(view->out, process->comm);
	if (columns < COMMAND_COLUMNS)
		fprintf(view->out, "%*s", (int)(COMMAND_COLUMNS - columns), "");
	if (process->measured)
		write_cells(view->out, &process->totals[kind],
			    &view->findings->snapshot->kinds[kind]);
	else
		fprintf(view->out, "  %11s  %11s  %10s  %10s", "-", "-", "-", "-");
	fprintf(view->out, "  %s", text_end(end, process));
	if (!process->measured)
		text_unmeasured(view, process);
	fputc('\n', view->out);
}

static void totals_add(struct totals *sum, const struct totals *totals)
{
	sum->acquired_count += totals->acquired_count;
	sum->released_count += totals->released_count;
	sum->live_count += totals->live_count;
	sum->live_bytes += totals->live_bytes;
}

static void write_rest(FILE *out, size_t count, const struct totals *rest,
		       const struct kind_info *kind)
{
	char processes[FORMAT_SIZE], bytes[FORMAT_SIZE], blocks[FORMAT_SIZE];

	fprintf(out, "          ... and %s with %s%s%s (-v shows all)\n",
		format_number_of(processes, count, "more process", "more processes"),
		kind->has_bytes ? format_bytes(bytes, rest->live_bytes) : "",
		kind->has_bytes ? " in " : "",
		format_number_of(blocks, rest->live_count, kind->noun, kind->nouns));
}

static void write_kind(const struct text_view *view, const struct process_findings **rows,
		       size_t row_count, size_t shown_count, size_t kind)
{
	const struct kind_info *info = &view->findings->snapshot->kinds[kind];
	struct totals sum = { 0 }, rest = { 0 };

	fprintf(view->out, "\n%8s  %-*s  %11s  %11s  %10s  %10s  end\n", "pid", COMMAND_COLUMNS,
		"command", info->acquisitions, info->releases, "live", info->nouns);
	for (size_t i = 0; i < row_count; i++) {
		totals_add(&sum, &rows[i]->process->totals[kind]);
		if (i < shown_count)
			write_row(view, rows[i]->process, kind);
		else
			totals_add(&rest, &rows[i]->process->totals[kind]);
	}
	if (shown_count < row_count)
		write_rest(view->out, row_count - shown_count, &rest, info);
	fprintf(view->out, "%8s  %-*s", "total", COMMAND_COLUMNS, "");
	write_cells(view->out, &sum, info);
	fputc('\n', view->out);
}

/* Heap is what most look for; of the other kinds, those that anything was acquired of. */
static bool is_of_use(const struct snapshot *snapshot, const struct process_findings **rows,
		      size_t row_count, size_t kind)
{
	if (!snapshot->traced[kind] || kind == KIND_HEAP)
		return snapshot->traced[kind];
	for (size_t i = 0; i < row_count; i++)
		if (rows[i]->process->totals[kind].acquired_count)
			return true;
	return false;
}

void text_table(const struct text_view *view, const struct process_findings **rows,
		size_t row_count, size_t shown_count)
{
	const struct snapshot *snapshot = view->findings->snapshot;

	for (size_t kind = 0; kind < snapshot->kind_count; kind++)
		if (is_of_use(snapshot, rows, row_count, kind))
			write_kind(view, rows, row_count, shown_count, kind);
}
