/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how a verdict, what was suppressed and scopes stand in the JSON report. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/scopes.h"
#include "analyze/verdict.h"
#include "model/snapshot.h"
#include "report/json_value.h"
#include "report/report.h"
#include "report/verdict.h"

static json_t *json_words(const struct verdict_reason *reason, const struct snapshot *snapshot)
{
	char *text = verdict_reason_text(reason, snapshot);
	json_t *value = text ? json_text(text) : NULL;

	free(text);
	return value;
}

static json_t *json_rule(const struct gate_rule *rule)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *value;

	if (!out)
		return NULL;
	verdict_write_rule(rule, out);
	value = fclose(out) ? NULL : json_text(text);
	free(text);
	return value;
}

static json_t *json_reason(const struct verdict_reason *reason, const struct snapshot *snapshot)
{
	json_t *value = json_pack("{s:o, s:o, s:o}", "id", json_text(reason->id), "text",
				  reason->process || !strcmp(reason->id, "too-few-calls")
					  ? json_words(reason, snapshot)
					  : json_text(reason->text),
				  "value", json_number(reason->value));

	if (!reason->process)
		return value;
	if (reason->rule)
		json_set(&value, "rule", json_rule(reason->rule));
	if (reason->part) {
		json_set(&value, "scope", json_text(reason->scope->scope->name));
		json_set(&value, "count_per_entry", json_real(reason->part->count_per_entry));
		json_set(&value, "bytes_per_entry", json_real(reason->part->bytes_per_entry));
	}
	json_set(&value, "pid", json_number(reason->process->pid));
	json_set(&value, "comm", json_text(reason->process->comm));
	json_set(&value, "kind", json_text(snapshot->kinds[reason->kind].name));
	json_set(&value, "bytes", json_number(reason->bytes));
	json_set(&value, "sites", json_number(reason->site_count));
	json_set(&value, "stack", reason->finding ? json_stack(reason->finding) : json_null());
	return value;
}

json_t *json_reasons(const struct verdict *verdict, const struct snapshot *snapshot)
{
	json_t *reasons = json_array();

	for (size_t i = 0; i < verdict->reason_count; i++)
		json_append(&reasons, json_reason(&verdict->reasons[i], snapshot));
	return reasons;
}

json_t *json_suppressions(const struct findings *findings)
{
	const struct suppressions *rows = findings->filter.suppressions;
	json_t *list = json_array();

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct suppression *row = &rows->rows[i];
		const struct finding_total *total = &findings->suppressed[i];

		if (!row->kind || (!total->site_count && !row->source))
			continue;
		json_append(&list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name",
					     json_text(row->name), "file", json_text(row->source),
					     "line", json_number(row->line), "sites",
					     json_number(total->site_count), "count",
					     json_number(total->live_count), "bytes",
					     json_number(total->live_bytes)));
	}
	return list;
}

static json_t *json_round(const struct scope_result *result, size_t round,
			  const struct snapshot *snapshot)
{
	json_t *value = json_pack("{s:o}", "entries", json_number(result->entries[round]));

	for (size_t kind = 0; kind < snapshot->kind_count; kind++) {
		struct scope_amount sum = scope_round_sum(result, kind, round);

		if (sum.count)
			json_set(&value, snapshot->kinds[kind].name,
				 json_pack("{s:o, s:o}", "count", json_number(sum.count), "bytes",
					   json_number(sum.bytes)));
	}
	return value;
}

static json_t *json_scope(const struct scope_result *result, const struct snapshot *snapshot)
{
	static const char *const states[] = {
		[SCOPE_TOO_FEW] = "too few",
		[SCOPE_STEADY] = "steady",
		[SCOPE_GROWS] = "grows",
	};
	json_t *rounds = json_array(), *parts = json_array();

	for (size_t i = 0; i < result->round_count; i++)
		json_append(&rounds, json_round(result, i, snapshot));
	for (size_t i = 0; i < result->part_count; i++) {
		const struct scope_part *part = &result->parts[i];

		json_append(&parts,
			    json_pack("{s:o, s:s, s:b, s:f, s:f, s:o}", "kind",
				      json_text(snapshot->kinds[part->finding->site->kind].name),
				      "class", leak_class_name(part->finding->site->leak_class),
				      "grows", part->grows, "count_per_entry",
				      part->count_per_entry, "bytes_per_entry",
				      part->bytes_per_entry, "stack", json_stack(part->finding)));
	}
	return json_pack("{s:o, s:s, s:o, s:s, s:o, s:o}", "name", json_text(result->scope->name),
			 "of", result->scope->is_call ? "call" : "mark", "entries",
			 json_number(result->scope->entries), "state", states[result->state],
			 "rounds", rounds, "sites", parts);
}

json_t *json_scopes(const struct scope_results *results, const struct process_findings *process,
		    const struct snapshot *snapshot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < results->count; i++)
		if (results->results[i].process->process == process->process)
			json_append(&list, json_scope(&results->results[i], snapshot));
	return list;
}

int report_scope(const struct scope_results *results, const char *name,
		 const struct snapshot *snapshot, FILE *stream)
{
	json_t *list = json_array();
	int error;

	for (size_t i = 0; i < results->count; i++)
		if (!strcmp(results->results[i].scope->name, name))
			json_append(&list, json_scope(&results->results[i], snapshot));
	errno = 0;
	error = !list || json_dumpf(list, stream, JSON_ENSURE_ASCII) ? -ENOMEM : 0;
	json_decref(list);
	return error;
}
