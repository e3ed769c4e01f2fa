/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the words of a gate's outcome: a line for each reason, the same in every view. */
#include "report/verdict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/gate.h"
#include "analyze/own_frame.h"
#include "analyze/scopes.h"
#include "analyze/verdict.h"
#include "model/snapshot.h"
#include "report/escape.h"
#include "report/format.h"
#include "report/text.h"

/* What became of a kind's leaks. */
static const char *const fates[KIND_CUSTOM + 1] = {
	[KIND_HEAP] = "lost",	      [KIND_MMAP] = "left mapped", [KIND_FD] = "left open",
	[KIND_THREAD] = "not joined", [KIND_PAGES] = "kept",	   [KIND_CUSTOM] = "lost",
};

void verdict_write_rule(const struct gate_rule *rule, FILE *out)
{
	char amount[FORMAT_SIZE];

	fputs(rule->kind, out);
	if (rule->any) {
		fputs(":any", out);
	} else if (!strcmp(rule->kind, "heap")) {
		const char *before = ":";

		for (int i = 0; i < CLASS_UNCLASSIFIED; i++) {
			if (!(rule->classes & 1U << i))
				continue;
			fprintf(out, "%s%s", before, leak_class_name((enum leak_class)i));
			before = ",";
		}
	}
	if (rule->limit.has_bytes)
		fprintf(out, ">%s", format_bytes(amount, rule->limit.bytes));
	if (rule->limit.has_count)
		fprintf(out, ">%" PRIu64, rule->limit.count);
}

const char *verdict_place_name(const struct finding *finding)
{
	const struct frame *frame = own_frame(finding->frames, finding->frame_count);

	return !frame ? "?" : frame->function ? frame->function : module_name(frame->module);
}

void verdict_write_finding(const struct finding *finding, const struct snapshot *snapshot,
			   FILE *out)
{
	const struct site *site = finding->site;
	const struct kind_info *kind = &snapshot->kinds[site->kind];
	size_t fate = site->kind < KIND_CUSTOM ? site->kind : KIND_CUSTOM;
	char bytes[FORMAT_SIZE], count[FORMAT_SIZE];

	if (kind_bytes_matter(snapshot->kinds, site->kind))
		fprintf(out, "%s in ", format_bytes_exact(bytes, finding->live_bytes));
	fprintf(out, "%s %s", format_number_of(count, finding->live_count, kind->noun, kind->nouns),
		site->leak_class != CLASS_UNCLASSIFIED ? leak_class_text(site->leak_class)
		: site->role != ROLE_HELD	       ? role_table[site->role].text
						       : fates[fate]);
}

/* What `write` writes, as a string. */
#define WRITTEN(result, write)                                                                     \
	do {                                                                                       \
		size_t size;                                                                       \
		FILE *out = open_memstream(&(result), &size);                                      \
                                                                                                   \
		if (!out)                                                                          \
			break;                                                                     \
		write;                                                                             \
		if (fclose(out)) {                                                                 \
			free(result);                                                              \
			(result) = NULL;                                                           \
		}                                                                                  \
	} while (0)

char *verdict_reason_text(const struct verdict_reason *reason, const struct snapshot *snapshot)
{
	char *text = NULL;

	WRITTEN(text, verdict_write_reason(reason, snapshot, out));
	return text;
}

char *verdict_finding_text(const struct finding *finding, const struct snapshot *snapshot)
{
	char *text = NULL;

	WRITTEN(text, verdict_write_finding(finding, snapshot, out));
	return text;
}

void verdict_write_place(const struct frame *frame, FILE *out)
{
	if (!frame) {
		fputs("an unknown place", out);
		return;
	}
	escape_write(out, frame->function ? frame->function : module_name(frame->module));
	if (frame->file) {
		fputc(' ', out);
		escape_write(out, module_name(frame->file));
		if (frame->line)
			fprintf(out, ":%u", frame->line);
	}
}

static void write_place(const struct finding *finding, FILE *out)
{
	verdict_write_place(own_frame(finding->frames, finding->frame_count), out);
}

static void write_leak(const struct verdict_reason *reason, const struct snapshot *snapshot,
		       FILE *out)
{
	const struct kind_info *kind = &snapshot->kinds[reason->kind];
	size_t fate = reason->kind < KIND_CUSTOM ? reason->kind : KIND_CUSTOM;
	char bytes[FORMAT_SIZE], count[FORMAT_SIZE];

	if (kind_bytes_matter(snapshot->kinds, reason->kind))
		fprintf(out, "%s in ", format_bytes_exact(bytes, reason->bytes));
	fprintf(out, "%s %s in ", format_number_of(count, reason->value, kind->noun, kind->nouns),
		reason->rule->any ? "held" : fates[fate]);
	text_label(out, reason->process);
	if (reason->finding) {
		fputs(reason->site_count > 1 ? ", most by " : " by ", out);
		write_place(reason->finding, out);
	}
	if (reason->site_count > 1)
		fprintf(out, " (%s)",
			format_number_of(count, reason->site_count, "call site", "call sites"));
}

static void write_unknown(const struct verdict_reason *reason, const struct snapshot *snapshot,
			  FILE *out)
{
	const struct kind_info *kind = &snapshot->kinds[reason->kind];
	const struct memory_scan *scan = &reason->process->scan;
	char count[FORMAT_SIZE];

	fprintf(out, "whether %s of ",
		format_number_of(count, reason->value, kind->noun, kind->nouns));
	text_label(out, reason->process);
	fprintf(out, " %s lost is not known: ", reason->value == 1 ? "is" : "are");
	escape_write(out,
		     scan->state == SCAN_FAILED ? scan->reason : "its memory was not looked into");
}

/* "session() leaves 16 bytes in 1 block more with each call in demo[17] (200 calls), by lose
 * demo.c:9" */
static void write_growth(const struct verdict_reason *reason, const struct snapshot *snapshot,
			 FILE *out)
{
	const struct kind_info *kind = &snapshot->kinds[reason->kind];
	const struct scope *scope = reason->scope->scope;
	const struct scope_part *part = reason->part;
	char count[FORMAT_SIZE];

	escape_write(out, scope->name);
	fprintf(out, "%s leaves ", scope->is_call ? "()" : "");
	if (kind_bytes_matter(snapshot->kinds, reason->kind))
		fprintf(out, "%.4g bytes in ", part->bytes_per_entry);
	fprintf(out, "%.3g %s more behind with each %s in ", part->count_per_entry,
		part->count_per_entry == 1 ? kind->noun : kind->nouns,
		scope->is_call ? "call" : "run");
	text_label(out, reason->process);
	fprintf(out, " (%s), by ",
		format_number_of(count, scope->entries, scope->is_call ? "call" : "run",
				 scope->is_call ? "calls" : "runs"));
	write_place(reason->finding, out);
}

static void write_too_few(const struct verdict_reason *reason, const struct snapshot *snapshot,
			  FILE *out)
{
	char count[FORMAT_SIZE], needed[FORMAT_SIZE];

	escape_write(out, reason->text);
	fprintf(out,
		"() was called %s times: too few to tell whether its calls leave more behind "
		"(%s are enough; or a smaller --warmup-calls)",
		format_count(count, reason->value),
		format_count(needed, scope_entries_needed(&snapshot->rounds)));
}

void verdict_write_reason(const struct verdict_reason *reason, const struct snapshot *snapshot,
			  FILE *out)
{
	char count[FORMAT_SIZE];

	if (reason->part) {
		write_growth(reason, snapshot, out);
	} else if (!strcmp(reason->id, "too-few-calls")) {
		write_too_few(reason, snapshot, out);
	} else if (!reason->rule) {
		if (reason->value)
			fprintf(out, "%s ", format_count(count, reason->value));
		escape_write(out, reason->text);
	} else if (!strcmp(reason->id, "leak")) {
		write_leak(reason, snapshot, out);
	} else {
		write_unknown(reason, snapshot, out);
	}
}

/* The rule stands behind what it found. */
void text_verdict(const struct text_view *view)
{
	static const char *const words[] = {
		[VERDICT_CLEAN] = "PASS",
		[VERDICT_LEAK] = "FAIL",
		[VERDICT_UNMEASURED] = "NOT MEASURED",
	};
	const struct verdict *verdict = view->verdict;
	const char *word = words[verdict->word];

	if (verdict->word == VERDICT_NONE || !verdict->has_gate)
		return;
	fputc('\n', view->out);
	if (verdict->word == VERDICT_CLEAN)
		fprintf(view->out, "leaktrace: %s\n", word);
	for (size_t i = 0; i < verdict->reason_count; i++) {
		const struct verdict_reason *reason = &verdict->reasons[i];

		fprintf(view->out, "leaktrace: %s%s%s: ", text_paint(view, PAINT_LOSS), word,
			text_paint(view, PAINT_OFF));
		verdict_write_reason(reason, view->findings->snapshot, view->out);
		if (reason->rule) {
			fputs(" [", view->out);
			verdict_write_rule(reason->rule, view->out);
			fputc(']', view->out);
		}
		fputc('\n', view->out);
	}
}
