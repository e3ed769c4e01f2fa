/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the outcome of a run and its reasons. Must not know how either is shown,
 * nor what exit status it gives.
 */
#include "analyze/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/gate.h"
#include "analyze/scopes.h"
#include "model/snapshot.h"
#include "util/array.h"

static struct verdict_reason *verdict_add(struct verdict *verdict, const char *id, const char *text,
					  uint64_t value)
{
	struct verdict_reason *reason =
		array_add(&verdict->reasons, &verdict->reason_count, sizeof(*reason));

	if (reason)
		*reason = (struct verdict_reason){ .id = id, .text = text, .value = value };
	return reason;
}

/* Adds one to the reason with that text; texts are interned, so pointers tell. */
static bool verdict_count(struct verdict *verdict, const char *id, const char *text)
{
	for (size_t i = 0; i < verdict->reason_count; i++) {
		if (verdict->reasons[i].text == text) {
			verdict->reasons[i].value++;
			return true;
		}
	}
	return verdict_add(verdict, id, text, 1);
}

/* An image that was replaced by exec says nothing of the process's outcome. */
static bool process_counts(const struct process_findings *result)
{
	return result->process->end != PROCESS_EXECED && !result->is_ignored;
}

static bool anything_measured(const struct findings *findings)
{
	for (size_t i = 0; i < findings->process_count; i++)
		if (process_counts(&findings->processes[i]) &&
		    findings->processes[i].process->measured)
			return true;
	return false;
}

static bool add_unmeasured(struct verdict *verdict, const struct findings *findings)
{
	static const char unknown[] = "no allocator was found";

	for (size_t i = 0; i < findings->process_count; i++) {
		const struct process *process = findings->processes[i].process;
		const char *why = process->unmeasured_reason ? process->unmeasured_reason : unknown;

		if (process_counts(&findings->processes[i]) && !process->measured &&
		    !verdict_count(verdict, "no-allocator", why))
			return false;
	}
	return true;
}

static bool judge_nothing(struct verdict *verdict, const struct findings *findings)
{
	verdict->word = VERDICT_UNMEASURED;
	verdict->nothing_measured = true;
	return add_unmeasured(verdict, findings) &&
	       (verdict->reason_count ||
		verdict_add(verdict, "no-process", "no process was seen", 0));
}

static bool verdict_add_losses(struct verdict *verdict, const struct snapshot *snapshot)
{
	for (int i = 0; i < LOSS_COUNT; i++)
		if (loss_table[i].spoils && snapshot->losses[i] &&
		    !verdict_add(verdict, loss_table[i].name, loss_table[i].text,
				 snapshot->losses[i]))
			return false;
	return true;
}

/* ---- under a gate ------------------------------------------------------------------ */

static bool add_result(struct verdict *verdict, const char *id, const char *text, uint64_t value,
		       const struct process_findings *process, const struct gate_rule *rule,
		       const struct gate_result *result)
{
	struct verdict_reason *reason = verdict_add(verdict, id, text, value);

	if (!reason)
		return false;
	reason->process = process->process;
	reason->rule = rule;
	reason->kind = result->kind;
	reason->bytes = result->bytes;
	reason->site_count = result->site_count;
	reason->finding = result->largest;
	return true;
}

static bool add_leak(struct verdict *verdict, const struct process_findings *process,
		     const struct finding *finding)
{
	struct verdict_leak *leak;

	for (size_t i = 0; i < verdict->leak_count; i++)
		if (verdict->leaks[i].finding == finding)
			return true;
	leak = array_add(&verdict->leaks, &verdict->leak_count, sizeof(*leak));
	if (leak)
		*leak = (struct verdict_leak){ process, finding, verdict->reason_count - 1 };
	return leak;
}

/* Those that the rule is about, when it fails. */
static bool add_leaks(struct verdict *verdict, const struct process_findings *process,
		      const struct gate_rule *rule, size_t kind)
{
	bool done = true;

	for (size_t i = 0; done && i < process->finding_count; i++)
		if (process->findings[i].site->kind == kind &&
		    gate_finds(rule, &process->findings[i]))
			done = add_leak(verdict, process, &process->findings[i]);
	return done;
}

/* What is not known is a reason of its own, but no more than that when there are leaks. */
static bool judge_process(struct verdict *verdict, const struct findings *findings,
			  const struct process_findings *process, const struct gate *gate,
			  enum verdict_word wanted)
{
	const struct snapshot *snapshot = findings->snapshot;
	bool done = true;

	for (size_t i = 0; done && i < gate->rule_count; i++) {
		const struct gate_rule *rule = &gate->rules[i];
		struct gate_result result;
		bool fails = gate_judge(gate, rule, snapshot, process, &result);

		if (wanted == VERDICT_LEAK && fails)
			done = add_result(verdict, "leak", "is leaked", result.count, process, rule,
					  &result) &&
			       add_leaks(verdict, process, rule, result.kind);
		if (wanted == VERDICT_UNMEASURED && result.unclassified)
			done = add_result(verdict, "unclassified",
					  "nobody knows whether it is lost", result.unclassified,
					  process, rule, &result);
	}
	return done;
}

static bool judge_processes(struct verdict *verdict, const struct findings *findings,
			    const struct gate *gate, enum verdict_word wanted)
{
	bool done = true;

	for (size_t i = 0; done && i < findings->process_count; i++)
		if (process_counts(&findings->processes[i]))
			done = judge_process(verdict, findings, &findings->processes[i], gate,
					     wanted);
	return done;
}

/* Each call site that grows is a reason. */
static bool judge_scopes(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->scopes->count; i++) {
		const struct scope_result *scope = &verdict->scopes->results[i];

		for (size_t j = 0; j < scope->part_count; j++) {
			const struct scope_part *part = &scope->parts[j];
			struct verdict_reason *reason;

			if (!part->grows)
				continue;
			reason = verdict_add(verdict,
					     scope->scope->is_call ? "grows-per-call"
								   : "grows-per-mark",
					     "grows with each", scope->scope->entries);
			if (!reason)
				return false;
			reason->process = scope->process->process;
			reason->scope = scope;
			reason->part = part;
			reason->kind = part->finding->site->kind;
			reason->finding = part->finding;
			reason->site_count = 1;
			if (!add_leak(verdict, scope->process, part->finding))
				return false;
		}
	}
	return true;
}

static bool judge_growth(struct verdict *verdict, const struct gate *gate)
{
	bool done = true;

	for (size_t i = 0; done && gate->judges_growth && i < gate->growth_count; i++)
		done = verdict_add(verdict, "growth", gate->growths[i], 0);
	return done;
}

static bool judge_growth_seen(struct verdict *verdict, const struct gate *gate)
{
	return !gate->judges_growth || gate->growth_is_known ||
	       verdict_add(verdict, "growth-too-short",
			   "the run was too short to tell whether it grows", 0);
}

/* A function that is to be judged by its calls needs some. */
static bool judge_calls_made(struct verdict *verdict, const struct gate *gate)
{
	for (size_t i = 0; i < gate->call_count; i++) {
		uint64_t most = 0;
		bool known = false;

		for (size_t j = 0; j < verdict->scopes->count; j++) {
			const struct scope_result *result = &verdict->scopes->results[j];

			if (!result->scope->is_call ||
			    strcmp(result->scope->name, gate->calls[i]) != 0)
				continue;
			known |= result->state != SCOPE_TOO_FEW;
			if (result->scope->entries > most)
				most = result->scope->entries;
		}
		if (!known && !verdict_add(verdict, "too-few-calls", gate->calls[i], most))
			return false;
	}
	return true;
}

static bool judge(struct verdict *verdict, const struct findings *findings, const struct gate *gate)
{
	bool done;

	if (verdict->reason_count) {
		verdict->word = VERDICT_UNMEASURED;
		return true;
	}
	verdict->word = VERDICT_LEAK;
	done = judge_growth(verdict, gate) && judge_scopes(verdict) &&
	       judge_processes(verdict, findings, gate, VERDICT_LEAK);
	if (!done || verdict->reason_count)
		return done;
	verdict->word = VERDICT_UNMEASURED;
	done = judge_processes(verdict, findings, gate, VERDICT_UNMEASURED) &&
	       add_unmeasured(verdict, findings) && judge_calls_made(verdict, gate) &&
	       judge_growth_seen(verdict, gate);
	if (!verdict->reason_count)
		verdict->word = VERDICT_CLEAN;
	return done;
}

struct verdict *verdict_new(const struct findings *judged, const struct gate *gate)
{
	static const struct gate none;
	struct verdict *verdict = calloc(1, sizeof(*verdict));
	bool done;

	if (!verdict)
		return NULL;
	if (!gate)
		gate = &none;
	verdict->has_gate = gate->rule_count || gate->call_count || gate->judges_growth;
	verdict->scopes = scope_results_new(judged, NULL);
	done = verdict->scopes && (anything_measured(judged) || judge_nothing(verdict, judged));
	done = done && verdict_add_losses(verdict, judged->snapshot);
	if (done && verdict->word == VERDICT_NONE && verdict->has_gate)
		done = judge(verdict, judged, gate);
	if (done)
		return verdict;
	verdict_free(verdict);
	return NULL;
}

void verdict_free(struct verdict *verdict)
{
	if (!verdict)
		return;
	scope_results_free(verdict->scopes);
	free(verdict->reasons);
	free(verdict->leaks);
	free(verdict);
}

const char *verdict_word_name(enum verdict_word word)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "none",
		[VERDICT_CLEAN] = "clean",
		[VERDICT_LEAK] = "leak",
		[VERDICT_UNMEASURED] = "unmeasured",
	};

	return names[word];
}
