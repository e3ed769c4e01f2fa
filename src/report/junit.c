/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns how a verdict stands in JUnit's XML (as Jenkins and GitLab read it): a suite, a case for
 * each process, and one for each mark. What a reason fails has the reason's words, and stacks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "analyze/scopes.h"
#include "analyze/verdict.h"
#include "report/report.h"
#include "report/verdict.h"
#include "report/xml.h"

/* What a case is about: a process, or one of its marks. */
struct junit_case {
	const struct process_findings *process;
	const struct scope_result *mark; /* NULL: the process itself */
};

static bool is_of_mark(const struct finding *finding, const struct scope_result *mark)
{
	const struct process *process = mark->process->process;

	for (size_t i = 0; i < finding->site_count; i++) {
		const struct site *site = finding->sites[i];

		if (site->live_count && site->scope != SITE_NO_SCOPE &&
		    &process->scopes[site->scope] == mark->scope)
			return true;
	}
	return false;
}

static bool is_about(const struct junit_case *what, const struct verdict_leak *leak)
{
	return leak->process->process == what->process->process &&
	       (!what->mark || is_of_mark(leak->finding, what->mark));
}

static size_t leaks_about(const struct verdict *verdict, const struct junit_case *what)
{
	size_t count = 0;

	for (size_t i = 0; i < verdict->leak_count; i++)
		count += is_about(what, &verdict->leaks[i]);
	return count;
}

static const struct verdict_reason *error_of(const struct verdict *verdict,
					     const struct junit_case *what)
{
	for (size_t i = 0; !what->mark && i < verdict->reason_count; i++)
		if (!strcmp(verdict->reasons[i].id, "unclassified") &&
		    verdict->reasons[i].process == what->process->process)
			return &verdict->reasons[i];
	return NULL;
}

static void write_stack(struct xml *xml, const struct finding *finding)
{
	for (uint32_t i = 0; i < finding->frame_count; i++) {
		const struct frame *frame = &finding->frames[i];
		char line[1024];

		snprintf(line, sizeof(line), "%s (%s%s%.0u",
			 frame->function ? frame->function : "?",
			 frame->file ? frame->file : module_name(frame->module),
			 frame->line ? ":" : "", frame->line);
		xml_text(xml, "    ");
		xml_text(xml, line);
		xml_text(xml, ")");
		xmlTextWriterWriteRaw(xml->writer, BAD_CAST "\n");
	}
}

static void write_failure(struct xml *xml, const struct verdict *verdict,
			  const struct junit_case *what, const struct snapshot *snapshot)
{
	const struct verdict_reason *first = NULL;
	char *words = NULL;

	for (size_t i = 0; !first && i < verdict->leak_count; i++)
		if (is_about(what, &verdict->leaks[i]))
			first = &verdict->reasons[verdict->leaks[i].reason];
	xml_open(xml, "failure");
	words = first ? verdict_reason_text(first, snapshot) : NULL;
	xml_attribute(xml, "message", words ? words : "?");
	xml_attribute(xml, "type", first ? first->id : "leak");
	free(words);
	for (size_t i = 0; i < verdict->leak_count; i++) {
		if (!is_about(what, &verdict->leaks[i]))
			continue;
		words = verdict_finding_text(verdict->leaks[i].finding, snapshot);
		xml_text(xml, words ? words : "?");
		xmlTextWriterWriteRaw(xml->writer, BAD_CAST "\n");
		free(words);
		write_stack(xml, verdict->leaks[i].finding);
	}
	xml_close(xml);
}

static void write_error(struct xml *xml, const struct verdict_reason *reason,
			const struct snapshot *snapshot)
{
	char *words = verdict_reason_text(reason, snapshot);

	xml_open(xml, "error");
	xml_attribute(xml, "message", words ? words : "?");
	xml_attribute(xml, "type", reason->id);
	xml_close(xml);
	free(words);
}

static void write_case(struct xml *xml, const struct verdict *verdict,
		       const struct junit_case *what, const struct snapshot *snapshot)
{
	const struct process *process = what->process->process;
	const struct verdict_reason *error = error_of(verdict, what);
	uint64_t end_ns = process_last_ns(snapshot, process);
	char name[256], seconds[32];

	if (what->mark)
		snprintf(name, sizeof(name), "%s", what->mark->scope->name);
	else
		snprintf(name, sizeof(name), "%s[%u]", process->comm, process->pid);
	snprintf(seconds, sizeof(seconds), "%.3f",
		 what->mark || end_ns < process->start_ns
			 ? 0
			 : (double)(end_ns - process->start_ns) / 1e9);
	xml_open(xml, "testcase");
	xml_attribute(xml, "classname", process->comm);
	xml_attribute(xml, "name", name);
	xml_attribute(xml, "time", seconds);
	if (!process->measured) {
		xml_open(xml, "error");
		xml_attribute(xml, "message",
			      process->unmeasured_reason ? process->unmeasured_reason
							 : "no allocator was found");
		xml_attribute(xml, "type", "unmeasured");
		xml_close(xml);
	} else if (leaks_about(verdict, what)) {
		write_failure(xml, verdict, what, snapshot);
	} else if (error) {
		write_error(xml, error, snapshot);
	}
	xml_close(xml);
}

/* Calls `visit` for each case: a process, then its marks. */
static void each_case(const struct findings *findings, const struct verdict *verdict,
		      void (*visit)(const struct junit_case *what, void *context), void *context)
{
	for (size_t i = 0; i < findings->process_count; i++) {
		struct junit_case what = { &findings->processes[i], NULL };

		if (what.process->is_ignored || what.process->process->end == PROCESS_EXECED)
			continue;
		visit(&what, context);
		for (size_t j = 0; j < verdict->scopes->count; j++) {
			what.mark = &verdict->scopes->results[j];
			if (what.mark->process->process == what.process->process &&
			    !what.mark->scope->is_call)
				visit(&what, context);
		}
	}
}

struct counting {
	const struct verdict *verdict;
	struct xml *xml;
	const struct snapshot *snapshot;
	uint64_t tests, failures, errors;
};

static void count_case(const struct junit_case *what, void *context)
{
	struct counting *counting = context;

	counting->tests++;
	if (!what->process->process->measured)
		counting->errors++;
	else if (leaks_about(counting->verdict, what))
		counting->failures++;
	else
		counting->errors += error_of(counting->verdict, what) != NULL;
}

static void case_written(const struct junit_case *what, void *context)
{
	struct counting *counting = context;

	write_case(counting->xml, counting->verdict, what, counting->snapshot);
}

/* What spoils the run as a whole: lost events, too few calls. */
static bool is_of_run(const struct verdict_reason *reason)
{
	return !reason->process && strcmp(reason->id, "no-allocator") != 0;
}

static void write_run_errors(struct xml *xml, const struct verdict *verdict,
			     const struct snapshot *snapshot)
{
	for (size_t i = 0; i < verdict->reason_count; i++) {
		if (!is_of_run(&verdict->reasons[i]))
			continue;
		xml_open(xml, "testcase");
		xml_attribute(xml, "classname", "leaktrace");
		xml_attribute(xml, "name", verdict->reasons[i].id);
		xml_attribute(xml, "time", "0");
		write_error(xml, &verdict->reasons[i], snapshot);
		xml_close(xml);
	}
}

int report_junit(const struct findings *findings, const struct verdict *verdict,
		 const struct report_style *style, FILE *stream)
{
	struct xml xml;
	struct counting counting = {
		.verdict = verdict,
		.xml = &xml,
		.snapshot = findings->snapshot,
	};
	char seconds[32];
	int error = xml_begin(&xml, stream);

	(void)style;
	if (error)
		return error;
	each_case(findings, verdict, count_case, &counting);
	for (size_t i = 0; i < verdict->reason_count; i++) {
		counting.tests += is_of_run(&verdict->reasons[i]);
		counting.errors += is_of_run(&verdict->reasons[i]);
	}
	snprintf(seconds, sizeof(seconds), "%.3f", (double)findings->snapshot->duration_ns / 1e9);
	xml_open(&xml, "testsuites");
	xml_open(&xml, "testsuite");
	xml_attribute(&xml, "name", "leaktrace");
	xml_attribute_number(&xml, "tests", counting.tests);
	xml_attribute_number(&xml, "failures", counting.failures);
	xml_attribute_number(&xml, "errors", counting.errors);
	xml_attribute_number(&xml, "skipped", 0);
	xml_attribute(&xml, "time", seconds);
	each_case(findings, verdict, case_written, &counting);
	write_run_errors(&xml, verdict, findings->snapshot);
	xml_close(&xml);
	xml_close(&xml);
	return xml_end(&xml, stream);
}
