/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns how findings stand in Valgrind's XML, so that what reads that (Jenkins, CLion, editors)
 * reads this. Memory is by Memcheck's kinds, descriptors are FdNotClosed.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "analyze/verdict.h"
#include "report/leaks.h"
#include "report/report.h"
#include "report/verdict.h"
#include "report/xml.h"

#define NUMBER_BYTES 24

static void write_frame(struct xml *xml, const struct frame *frame)
{
	const char *slash = frame->file ? strrchr(frame->file, '/') : NULL;
	char address[NUMBER_BYTES];

	xml_open(xml, "frame");
	snprintf(address, sizeof(address), "0x%" PRIX64, frame->ip);
	xml_element(xml, "ip", address);
	xml_element(xml, "obj", frame->module);
	xml_element(xml, "fn", frame->function);
	if (slash) {
		char *folder = strndup(frame->file, (size_t)(slash - frame->file));

		xml_element(xml, "dir", folder);
		free(folder);
	}
	xml_element(xml, "file", frame->file ? module_name(frame->file) : NULL);
	if (frame->line)
		xml_element_number(xml, "line", frame->line);
	xml_close(xml);
}

static const char *kind_name(const struct site *site)
{
	static const char *const names[] = {
		[CLASS_DEFINITE] = "Leak_DefinitelyLost",
		[CLASS_INDIRECT] = "Leak_IndirectlyLost",
		[CLASS_POSSIBLE] = "Leak_PossiblyLost",
		[CLASS_REACHABLE] = "Leak_StillReachable",
		[CLASS_UNCLASSIFIED] = "Leak_DefinitelyLost",
	};

	return site->kind == KIND_FD ? "FdNotClosed" : names[site->leak_class];
}

static void write_error(struct xml *xml, const struct verdict_leak *leak, size_t number,
			const struct snapshot *snapshot)
{
	const struct finding *finding = leak->finding;
	char *words = verdict_finding_text(finding, snapshot);
	char unique[NUMBER_BYTES];

	xml_open(xml, "error");
	snprintf(unique, sizeof(unique), "0x%zx", number);
	xml_element(xml, "unique", unique);
	xml_element(xml, "tid", "1");
	xml_element(xml, "kind", kind_name(finding->site));
	xml_open(xml, "xwhat");
	xml_element(xml, "text", words ? words : "?");
	xml_element_number(xml, "leakedbytes", finding->live_bytes);
	xml_element_number(xml, "leakedblocks", finding->live_count);
	xml_close(xml);
	xml_open(xml, "stack");
	for (uint32_t i = 0; i < finding->frame_count; i++)
		write_frame(xml, &finding->frames[i]);
	xml_close(xml);
	xml_close(xml);
	free(words);
}

/* "00:00:01:02.345 ": days, hours, minutes, seconds */
static void write_status(struct xml *xml, const char *state, uint64_t time_ns)
{
	uint64_t ms = time_ns / 1000000;
	char time[64];

	snprintf(time, sizeof(time),
		 "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64 " ",
		 ms / 86400000, ms / 3600000 % 24, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	xml_open(xml, "status");
	xml_element(xml, "state", state);
	xml_element(xml, "time", time);
	xml_close(xml);
}

static void write_head(struct xml *xml, const struct snapshot *snapshot)
{
	const struct process *first = snapshot->process_count ? &snapshot->processes[0] : NULL;
	const char *const *command = snapshot->command;

	xml_element(xml, "protocolversion", "4");
	xml_element(xml, "protocoltool", "memcheck");
	xml_open(xml, "preamble");
	xml_element(xml, "line", "leaktrace, a leak tracer");
	xml_element(xml, "line", snapshot->leaktrace_version);
	xml_close(xml);
	xml_element_number(xml, "pid", first ? first->pid : 0);
	xml_element_number(xml, "ppid", first ? first->ppid : 0);
	xml_element(xml, "tool", "memcheck");
	xml_open(xml, "args");
	xml_open(xml, "vargv");
	xml_element(xml, "exe", "leaktrace");
	xml_close(xml);
	xml_open(xml, "argv");
	xml_element(xml, "exe", command ? command[0] : first && first->exe ? first->exe : "?");
	for (size_t i = 1; command && i < snapshot->command_count; i++)
		xml_element(xml, "arg", command[i]);
	xml_close(xml);
	xml_close(xml);
	write_status(xml, "RUNNING", 0);
}

static void write_suppressed(struct xml *xml, const struct findings *findings)
{
	const struct suppressions *rows = findings->filter.suppressions;

	xml_open(xml, "errorcounts");
	xml_close(xml);
	xml_open(xml, "suppcounts");
	for (size_t i = 0; rows && i < rows->count; i++) {
		if (!findings->suppressed[i].site_count)
			continue;
		xml_open(xml, "pair");
		xml_element_number(xml, "count", findings->suppressed[i].site_count);
		xml_element(xml, "name", rows->rows[i].name);
		xml_close(xml);
	}
	xml_close(xml);
}

int report_valgrind_xml(const struct findings *findings, const struct verdict *verdict,
			const struct report_style *style, FILE *stream)
{
	size_t count;
	struct verdict_leak *leaks = report_leaks(findings, verdict, &count);
	struct xml xml;
	int error = leaks ? xml_begin(&xml, stream) : -ENOMEM;

	(void)style;
	if (error) {
		free(leaks);
		return error;
	}
	xml_open(&xml, "valgrindoutput");
	write_head(&xml, findings->snapshot);
	write_status(&xml, "FINISHED", findings->snapshot->duration_ns);
	for (size_t i = 0; i < count; i++)
		write_error(&xml, &leaks[i], i, findings->snapshot);
	write_suppressed(&xml, findings);
	xml_close(&xml);
	free(leaks);
	return xml_end(&xml, stream);
}
