/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns what is said of suppressions, and how they are written in Valgrind's grammar. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "report/escape.h"
#include "report/format.h"
#include "report/report.h"
#include "report/text.h"

/* Valgrind reads no more of a stack. */
#define FRAMES_MAX 24

static void write_name(const struct suppression *row, FILE *out)
{
	escape_write(out, row->name);
	if (row->source) {
		fputs(" (", out);
		escape_write(out, row->source);
		fprintf(out, ":%u)", row->line);
	}
}

void text_suppressions(const struct text_view *view)
{
	const struct findings *findings = view->findings;
	const struct suppressions *rows = findings->filter.suppressions;
	bool any = false;

	if (!rows || view->style->verbosity < 1)
		return;
	for (size_t i = 0; i < rows->count; i++) {
		const struct finding_total *total = &findings->suppressed[i];
		char count[FORMAT_SIZE], bytes[FORMAT_SIZE];

		/* What is built in is nobody's to tidy up. */
		if (!rows->rows[i].kind || (!total->site_count && !rows->rows[i].source))
			continue;
		fprintf(view->out, "%s  ", any ? "" : "\nSuppressions:\n");
		if (total->site_count)
			fprintf(view->out, "%s, %s: ", format_count(count, total->live_count),
				format_bytes(bytes, total->live_bytes));
		else
			fputs("unused: ", view->out);
		write_name(&rows->rows[i], view->out);
		fputc('\n', view->out);
		any = true;
	}
}

/* ---- written ------------------------------------------------------------------------- */

/* As Valgrind has it: the symbol and not what it is demangled to. */
static void write_frame(const struct frame *frame, FILE *out)
{
	const char *name = frame->symbol ? frame->symbol : frame->function;

	fputs(name ? "   fun:" : "   obj:", out);
	escape_write(out, name ? name : frame->module ? frame->module : "*");
	fputc('\n', out);
}

static void write_suppression(const struct finding *finding, const struct kind_info *kind,
			      FILE *out)
{
	const struct frame *frame = own_frame(finding->frames, finding->frame_count);
	bool is_heap = finding->site->kind == KIND_HEAP;

	fputs("{\n   ", out);
	escape_write(out, kind->name);
	fputs(" of ", out);
	escape_write(out, frame && frame->function ? frame->function
			  : frame		   ? module_name(frame->module)
						   : "?");
	if (is_heap)
		fputs("\n   Memcheck:Leak\n", out);
	else if (finding->site->kind == KIND_FD)
		fputs("\n   CoreError:FdNotClosed\n", out);
	else
		fprintf(out, "\n   leaktrace:%s\n", kind->name);
	if (is_heap && finding->site->leak_class != CLASS_UNCLASSIFIED)
		fprintf(out, "   match-leak-kinds: %s\n",
			leak_class_name(finding->site->leak_class));
	if (is_heap)
		fputs("   fun:*alloc*\n", out);
	for (uint32_t i = 0; i < finding->frame_count && i < FRAMES_MAX; i++) {
		write_frame(&finding->frames[i], out);
		/* What calls main is no part of Valgrind's stacks. */
		if (finding->frames[i].function && !strcmp(finding->frames[i].function, "main"))
			break;
	}
	fputs("}\n", out);
}

int report_suppressions(const struct findings *findings, const struct verdict *verdict,
			const struct report_style *style, FILE *stream)
{
	errno = 0;
	for (size_t i = 0; i < findings->process_count; i++) {
		const struct process_findings *result = &findings->processes[i];

		(void)verdict;
		(void)style;
		for (size_t j = 0; j < result->finding_count; j++) {
			const struct finding *finding = &result->findings[j];

			if (finding->live_count && finding->frame_count &&
			    finding_is_shown(&findings->filter, finding))
				write_suppression(finding,
						  &findings->snapshot->kinds[finding->site->kind],
						  stream);
		}
	}
	if (fflush(stream) != 0 || ferror(stream))
		return errno ? -errno : -EIO;
	return 0;
}
