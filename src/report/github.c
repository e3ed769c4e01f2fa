/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns what GitHub shows of a run: annotations at lines ("Workflow commands", docs.github.com)
 * and a summary in Markdown.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "analyze/verdict.h"
#include "report/escape.h"
#include "report/leaks.h"
#include "report/report.h"
#include "report/verdict.h"

#define SITES_MAX 50

static int stream_error(FILE *stream)
{
	if (fflush(stream) != 0 || ferror(stream))
		return errno ? -errno : -EIO;
	return 0;
}

/* Values of a command: "%", line ends, and what parts properties. */
static void write_value(const char *text, FILE *out)
{
	char *escaped = escape_printable(text);

	for (const char *at = escaped; at && *at; at++) {
		if (strchr("%:,", *at))
			fprintf(out, "%%%02X", *at);
		else
			fputc(*at, out);
	}
	free(escaped);
}

/* Files are named from the folder of the sources on, where that is known. */
static const char *path_in_workspace(const char *path)
{
	const char *workspace = getenv("GITHUB_WORKSPACE");
	size_t length = workspace ? strlen(workspace) : 0;

	if (length && !strncmp(path, workspace, length) && path[length] == '/')
		return path + length + 1;
	return path;
}

int report_annotations(const struct findings *findings, const struct verdict *verdict,
		       const struct report_style *style, FILE *stream)
{
	errno = 0;
	for (size_t i = 0; i < verdict->leak_count; i++) {
		const struct finding *finding = verdict->leaks[i].finding;
		const struct frame *frame = report_source_frame(finding);
		char *words = verdict_finding_text(finding, findings->snapshot);

		(void)style;
		fputs("::error ", stream);
		if (frame) {
			fputs("file=", stream);
			write_value(path_in_workspace(frame->file), stream);
			fprintf(stream, ",line=%u,", frame->line);
		}
		fputs("title=leaktrace::", stream);
		fputs(words ? words : "?", stream);
		fputs(" by ", stream);
		escape_write(stream, verdict_place_name(finding));
		fputc('\n', stream);
		free(words);
	}
	return stream_error(stream);
}

/* ---- the summary ------------------------------------------------------------------------- */

/* Text of a table's cell. */
static void write_cell(const char *text, FILE *out)
{
	char *escaped = escape_printable(text);

	for (const char *at = escaped; at && *at; at++) {
		if (strchr("|`<>*_[]\\", *at))
			fputc('\\', out);
		fputc(*at, out);
	}
	free(escaped);
}

static void write_row(const struct verdict_leak *leak, const struct snapshot *snapshot, FILE *out)
{
	const struct frame *frame = report_source_frame(leak->finding);
	char *words = verdict_finding_text(leak->finding, snapshot);

	fputs("| ", out);
	write_cell(leak->process->process->comm, out);
	fputs(" | ", out);
	write_cell(words ? words : "?", out);
	fputs(" | ", out);
	write_cell(verdict_place_name(leak->finding), out);
	fputs(" | ", out);
	if (frame) {
		write_cell(path_in_workspace(frame->file), out);
		fprintf(out, ":%u", frame->line);
	}
	fputs(" |\n", out);
	free(words);
}

int report_markdown(const struct findings *findings, const struct verdict *verdict,
		    const struct report_style *style, FILE *stream)
{
	static const char *const words[] = {
		[VERDICT_NONE] = "leaks found by leaktrace",
		[VERDICT_CLEAN] = "leaktrace: PASS",
		[VERDICT_LEAK] = "leaktrace: FAIL",
		[VERDICT_UNMEASURED] = "leaktrace: NOT MEASURED",
	};
	size_t count;
	struct verdict_leak *leaks = report_leaks(findings, verdict, &count);

	(void)style;
	if (!leaks)
		return -ENOMEM;
	errno = 0;
	fprintf(stream, "### %s\n\n", words[verdict->word]);
	for (size_t i = 0; i < verdict->reason_count; i++) {
		char *text = verdict_reason_text(&verdict->reasons[i], findings->snapshot);

		fputs("- ", stream);
		write_cell(text ? text : "?", stream);
		fputc('\n', stream);
		free(text);
	}
	if (count)
		fputs("\n| process | what | by | where |\n|---|---|---|---|\n", stream);
	else if (!verdict->reason_count)
		fputs("No leaks.\n", stream);
	for (size_t i = 0; i < count && i < SITES_MAX; i++)
		write_row(&leaks[i], findings->snapshot, stream);
	if (count > SITES_MAX)
		fprintf(stream, "\n... and %zu more call sites\n", count - SITES_MAX);
	fputc('\n', stream);
	free(leaks);
	return stream_error(stream);
}
