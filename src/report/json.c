/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the schema leaktrace/1: fields are added, never renamed. Must not judge
 * or filter anything. An allocation that fails gives a NULL, which json_pack
 * passes on up to the root.
 */
#include "report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "analyze/findings.h"
#include "analyze/verdict.h"
#include "model/snapshot.h"
#include "report/json_value.h"

static json_t *json_resource(const struct kind_info *kind, const struct resource *resource,
			     uint64_t now_ns)
{
	uint64_t age_ns = now_ns > resource->born_ns ? now_ns - resource->born_ns : 0;

	return json_pack("{s:o, s:o, s:o, s:o}", kind->id_name,
			 kind->id_is_address ? json_address(resource->id)
					     : json_number(resource->id),
			 "size", json_number(resource->size), "age_ns", json_number(age_ns), "name",
			 json_text(resource->name));
}

/* Oldest first: the likeliest to be forgotten. */
static int compare_resources(const void *left, const void *right)
{
	const struct resource *const *a = left, *const *b = right;

	if ((*a)->born_ns != (*b)->born_ns)
		return (*a)->born_ns < (*b)->born_ns ? -1 : 1;
	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

static size_t collect_resources(const struct resource **resources, const struct finding *finding,
				const struct findings *findings, uint64_t now_ns)
{
	const struct kind_info *kind = &findings->snapshot->kinds[finding->site->kind];
	size_t count = 0;

	for (size_t i = 0; i < finding->site_count; i++) {
		const struct site *site = finding->sites[i];

		for (size_t j = 0; j < site->live_count; j++)
			if (finding_filter_passes(&findings->filter, kind, &site->live[j], now_ns))
				resources[count++] = &site->live[j];
	}
	qsort(resources, count, sizeof(*resources), compare_resources);
	return count;
}

static json_t *json_resources(const struct finding *finding, const struct findings *findings,
			      size_t max)
{
	uint64_t now_ns = process_last_ns(findings->snapshot, finding->process);
	const struct resource **resources;
	size_t count = 1;
	json_t *list;

	for (size_t i = 0; i < finding->site_count; i++)
		count += finding->sites[i]->live_count;
	resources = calloc(count, sizeof(*resources));
	list = resources ? json_array() : NULL;
	if (!list) {
		free(resources);
		return NULL;
	}
	count = collect_resources(resources, finding, findings, now_ns);
	for (size_t i = 0; i < count && i < max; i++)
		json_append(&list, json_resource(&findings->snapshot->kinds[finding->site->kind],
						 resources[i], now_ns));
	free(resources);
	return list;
}

static json_t *json_site(const struct finding *finding, const struct findings *findings,
			 const struct report_style *style)
{
	return json_pack(
		"{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, "
		"s:o, s:o, s:o}",
		"kind", json_text(findings->snapshot->kinds[finding->site->kind].name), "role",
		role_table[finding->site->role].name, "class",
		leak_class_name(finding->site->leak_class), "live_count",
		json_number(finding->live_count), "live_bytes", json_number(finding->live_bytes),
		"live_count_error", json_number(estimate_count_error(&finding->live)),
		"live_bytes_error", json_number(estimate_bytes_error(&finding->live)),
		"acquired_count", json_number(finding->acquired_count), "acquired_bytes",
		json_number(finding->acquired_bytes), "lost_count",
		json_number(finding->lost_count), "first_ns", json_number(finding->first_ns),
		"last_ns", json_number(finding->last_ns), "truncated", finding->truncated,
		"growing", finding->is_growing, "held_count", json_number(finding->held_count),
		"held_bytes", json_number(finding->held_bytes), "resources",
		json_resources(finding, findings, style->max_resources), "stack",
		json_stack(finding));
}

static json_t *json_totals(const struct process *process, const struct snapshot *snapshot)
{
	json_t *kinds = json_object();

	for (size_t kind = 0; kind < snapshot->kind_count; kind++) {
		const struct totals *totals = &process->totals[kind];

		if (!snapshot->traced[kind])
			continue;
		json_set(&kinds, snapshot->kinds[kind].name,
			 json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
				   "acquired_count", json_number(totals->acquired_count),
				   "acquired_bytes", json_number(totals->acquired_bytes),
				   "released_count", json_number(totals->released_count),
				   "released_bytes", json_number(totals->released_bytes),
				   "live_count", json_number(totals->live_count), "live_bytes",
				   json_number(totals->live_bytes), "live_count_error",
				   json_number(totals->live_count_error), "live_bytes_error",
				   json_number(totals->live_bytes_error), "peak_bytes",
				   json_number(totals->peak_bytes)));
	}
	return kinds;
}

/* How a process ended: the word, and the key of its value in "exit" if it has one. */
static const struct {
	const char *ended;
	const char *exit_key;
} ends[] = {
	[PROCESS_RUNNING] = { "running", NULL },
	[PROCESS_EXITED] = { "exited", "status" },
	[PROCESS_SIGNALED] = { "signaled", "signal" },
	[PROCESS_EXECED] = { "exec", NULL },
};

static json_t *json_exit(const struct process *process)
{
	const char *key = ends[process->end].exit_key;

	return key ? json_pack("{s:i}", key, process->end_value) : json_null();
}

static json_t *json_scan(const struct memory_scan *scan)
{
	static const char *const states[] = {
		[SCAN_NONE] = "none",
		[SCAN_DONE] = "done",
		[SCAN_FAILED] = "failed",
	};

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "state", states[scan->state], "reason",
			 json_text(scan->reason), "time_ns", json_number(scan->time_ns), "pause_ns",
			 json_number(scan->pause_ns), "bytes", json_number(scan->bytes), "blocks",
			 json_number(scan->blocks));
}

static json_t *json_process(const struct process_findings *result, const struct findings *findings,
			    const struct verdict *verdict, const struct report_style *style)
{
	const struct process *process = result->process;
	json_t *sites = json_array();

	for (size_t i = 0; i < result->finding_count; i++)
		json_append(&sites, json_site(&result->findings[i], findings, style));
	for (size_t i = 0; i < result->other_count; i++)
		json_append(&sites, json_site(&result->others[i], findings, style));
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:b, s:b, s:o, s:o, s:I, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o}",
		"pid", json_number(process->pid), "ppid", json_number(process->ppid), "image",
		json_number(process->image), "comm", json_text(process->comm), "exe",
		json_text(process->exe), "ended", ends[process->end].ended, "exit",
		json_exit(process), "measured", process->measured, "ignored", result->is_ignored,
		"unmeasured_reason", json_text(process->unmeasured_reason), "unmatched_releases",
		json_number(process->unmatched_releases), "brk_bytes",
		(json_int_t)process->brk_bytes, "peak_rss_bytes",
		json_number(process->peak_rss_bytes), "scan", json_scan(&process->scan), "totals",
		json_totals(process, findings->snapshot), "sites", sites, "hidden_sites",
		json_number(result->hidden_count), "hidden_bytes",
		json_number(result->hidden_bytes), "scopes",
		json_scopes(verdict->scopes, result, findings->snapshot));
}

static json_t *json_command(const struct snapshot *snapshot)
{
	json_t *command = json_array();

	if (!snapshot->command) {
		json_decref(command);
		return json_null();
	}
	for (size_t i = 0; i < snapshot->command_count; i++)
		json_append(&command, json_text(snapshot->command[i]));
	return command;
}

/* RFC 3339, to the millisecond, in UTC. */
static json_t *json_time(int64_t unix_ns)
{
	time_t seconds = unix_ns / 1000000000;
	int ms = (int)(unix_ns % 1000000000 / 1000000);
	struct tm tm;

	if (ms < 0) {
		seconds--;
		ms += 1000;
	}
	if (!gmtime_r(&seconds, &tm))
		return json_null();
	return json_sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
			    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

static json_t *json_losses(const struct snapshot *snapshot)
{
	json_t *losses = json_object();

	for (int i = 0; i < LOSS_COUNT; i++)
		json_set(&losses, loss_table[i].name, json_number(snapshot->losses[i]));
	return losses;
}

/* Everything but processes and losses. */
static json_t *json_head(const struct findings *findings, const struct verdict *verdict)
{
	const struct snapshot *snapshot = findings->snapshot;

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "schema",
			 "leaktrace/1", "leaktrace", json_text(snapshot->leaktrace_version),
			 "kernel", json_text(snapshot->kernel), "command", json_command(snapshot),
			 "started", json_time(snapshot->started_unix_ns), "duration_ns",
			 json_number(snapshot->duration_ns), "sample_bytes",
			 json_number(snapshot->sample_bytes), "verdict",
			 verdict_word_name(verdict->word), "reasons",
			 json_reasons(verdict, snapshot), "suppressions",
			 json_suppressions(findings));
}

/* Writes the value, which it takes over, as it would stand so many levels deep. */
static int write_value(json_t *value, int level, FILE *stream)
{
	char *text = value ? json_to_text(value) : NULL;

	json_decref(value);
	if (!text)
		return -ENOMEM;
	for (const char *line = text; line;) {
		const char *end = strchr(line, '\n');

		fprintf(stream, "%.*s", end ? (int)(end - line) : (int)strlen(line), line);
		if (end)
			fprintf(stream, "\n%*s", level * JSON_INDENT_WIDTH, "");
		line = end ? end + 1 : NULL;
	}
	free(text);
	return 0;
}

/* The members of an object that more are to follow. */
static int write_open_object(json_t *value, FILE *stream)
{
	char *text = value ? json_to_text(value) : NULL;

	json_decref(value);
	if (!text)
		return -ENOMEM;
	*strrchr(text, '\n') = '\0';
	fputs(text, stream);
	free(text);
	return 0;
}

/* Process by process: there may be 10,000 of them, and a tree of values takes much memory. */
int report_json(const struct findings *findings, const struct verdict *verdict,
		const struct report_style *style, FILE *stream)
{
	int err;

	errno = 0;
	err = write_open_object(json_head(findings, verdict), stream);
	fputs(",\n  \"processes\": [", stream);
	for (size_t i = 0; i < findings->process_count && !err; i++) {
		fputs(i ? ",\n    " : "\n    ", stream);
		err = write_value(json_process(&findings->processes[i], findings, verdict, style),
				  2, stream);
	}
	fputs(findings->process_count ? "\n  ],\n  \"losses\": " : "],\n  \"losses\": ", stream);
	if (!err)
		err = write_value(json_losses(findings->snapshot), 1, stream);
	if (!err && (fputs("\n}\n", stream) == EOF || fflush(stream) != 0 || ferror(stream)))
		err = errno ? -errno : -EIO;
	return err;
}
