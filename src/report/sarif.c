/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how findings stand in SARIF 2.1.0: a rule for each kind and class, a result for each site.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/verdict.h"
#include "report/json_value.h"
#include "report/leaks.h"
#include "report/report.h"
#include "report/verdict.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"
#define RULE_BYTES 96

static const char *rule_id(const struct finding *finding, const struct snapshot *snapshot,
			   char id[RULE_BYTES])
{
	const struct site *site = finding->site;

	snprintf(id, RULE_BYTES, "leak/%.60s%s%s", snapshot->kinds[site->kind].name,
		 site->leak_class != CLASS_UNCLASSIFIED ? "/" : "",
		 site->leak_class != CLASS_UNCLASSIFIED ? leak_class_name(site->leak_class) : "");
	return id;
}

/* RFC 3986: all but unreserved characters and the slash. */
static json_t *json_uri(const char *path)
{
	size_t length = strlen(path);
	char *uri = malloc(length * 3 + 8), *at = uri;
	json_t *value;

	if (!uri)
		return NULL;
	if (*path == '/')
		at = stpcpy(at, "file://");
	for (const char *from = path; *from; from++) {
		if ((*from >= 'a' && *from <= 'z') || (*from >= 'A' && *from <= 'Z') ||
		    (*from >= '0' && *from <= '9') || strchr("-._~/", *from))
			*at++ = *from;
		else
			at += sprintf(at, "%%%02X", (uint8_t)*from);
	}
	*at = '\0';
	value = json_string(uri);
	free(uri);
	return value;
}

static json_t *json_physical(const struct frame *frame)
{
	json_t *location = json_pack("{s:{s:o}}", "artifactLocation", "uri", json_uri(frame->file));

	if (frame->line)
		json_set(&location, "region",
			 json_pack("{s:o}", "startLine", json_number(frame->line)));
	return location;
}

static json_t *json_frame_location(const struct frame *frame)
{
	json_t *location = json_object();

	if (frame->file)
		json_set(&location, "physicalLocation", json_physical(frame));
	if (frame->function)
		json_set(&location, "message",
			 json_pack("{s:o}", "text", json_text(frame->function)));
	return location;
}

static json_t *json_call_stack(const struct finding *finding)
{
	json_t *frames = json_array();

	for (uint32_t i = 0; i < finding->frame_count; i++) {
		json_t *frame =
			json_pack("{s:o}", "location", json_frame_location(&finding->frames[i]));

		if (finding->frames[i].module)
			json_set(&frame, "module", json_text(finding->frames[i].module));
		json_append(&frames, frame);
	}
	return json_pack("[{s:o}]", "frames", frames);
}

static json_t *json_result(const struct verdict_leak *leak, const struct verdict *verdict,
			   const struct snapshot *snapshot)
{
	const struct finding *finding = leak->finding;
	const struct frame *frame = report_source_frame(finding);
	char *words = verdict_finding_text(finding, snapshot);
	json_t *locations = json_array(), *result;
	char id[RULE_BYTES];

	if (frame)
		json_append(&locations,
			    json_pack("{s:o}", "physicalLocation", json_physical(frame)));
	result = json_pack(
		"{s:s, s:s, s:{s:o}, s:o, s:o, s:{s:o}, s:{s:o, s:o, s:o, s:o}}", "ruleId",
		rule_id(finding, snapshot, id), "level", verdict->has_gate ? "error" : "warning",
		"message", "text", json_text(words), "locations", locations, "stacks",
		json_call_stack(finding), "partialFingerprints", "callStack/v1",
		json_sprintf("%016" PRIx64, report_fingerprint(finding)), "properties", "process",
		json_text(leak->process->process->comm), "pid",
		json_number(leak->process->process->pid), "count", json_number(finding->live_count),
		"bytes", json_number(finding->live_bytes));
	free(words);
	return result;
}

static json_t *json_rules(const struct verdict_leak *leaks, size_t count,
			  const struct snapshot *snapshot)
{
	json_t *rules = json_array(), *known = json_object();

	for (size_t i = 0; i < count; i++) {
		const struct site *site = leaks[i].finding->site;
		const struct kind_info *kind = &snapshot->kinds[site->kind];
		char id[RULE_BYTES];

		rule_id(leaks[i].finding, snapshot, id);
		if (!known || json_object_get(known, id))
			continue;
		json_set(&known, id, json_true());
		json_append(
			&rules,
			json_pack("{s:s, s:{s:o}}", "id", id, "shortDescription", "text",
				  json_sprintf("%s that were acquired and not given back (%s)",
					       kind->nouns, leak_class_text(site->leak_class))));
	}
	json_decref(known);
	return rules;
}

int report_sarif(const struct findings *findings, const struct verdict *verdict,
		 const struct report_style *style, FILE *stream)
{
	const struct snapshot *snapshot = findings->snapshot;
	json_t *results = json_array(), *root;
	struct verdict_leak *leaks;
	size_t count;

	(void)style;
	leaks = report_leaks(findings, verdict, &count);
	if (!leaks) {
		json_decref(results);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		json_append(&results, json_result(&leaks[i], verdict, snapshot));
	root = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:o, s:o}}, s:o}]}", "$schema", SCHEMA,
			 "version", "2.1.0", "runs", "tool", "driver", "name", "leaktrace",
			 "version", json_text(snapshot->leaktrace_version), "rules",
			 json_rules(leaks, count, snapshot), "results", results);
	free(leaks);
	return json_write(root, stream);
}
