/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the outcome of a run and its reasons. Must not know how either is shown,
 * nor what exit status it gives.
 */
#include "analyze/verdict.h"

#include <stdlib.h>

#include "model/snapshot.h"
#include "util/array.h"

static bool verdict_add(struct verdict *verdict, const char *id, const char *text, uint64_t value)
{
	struct verdict_reason *reason =
		array_add(&verdict->reasons, &verdict->reason_count, sizeof(*reason));

	if (!reason)
		return false;
	*reason = (struct verdict_reason){ id, text, value };
	return true;
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
static bool process_counts(const struct process *process)
{
	return process->end != PROCESS_EXECED;
}

static bool anything_measured(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->process_count; i++)
		if (process_counts(&snapshot->processes[i]) && snapshot->processes[i].measured)
			return true;
	return false;
}

static bool verdict_add_causes(struct verdict *verdict, const struct snapshot *snapshot)
{
	static const char unknown[] = "no allocator was found";

	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		const char *why = process->unmeasured_reason ? process->unmeasured_reason : unknown;

		if (process_counts(process) && !verdict_count(verdict, "no-allocator", why))
			return false;
	}
	return verdict->reason_count ||
	       verdict_add(verdict, "no-process", "no process was seen", 0);
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

struct verdict *verdict_new(const struct snapshot *snapshot)
{
	struct verdict *verdict = calloc(1, sizeof(*verdict));
	bool done = true;

	if (!verdict)
		return NULL;
	if (!anything_measured(snapshot)) {
		verdict->word = VERDICT_UNMEASURED;
		done = verdict_add_causes(verdict, snapshot);
	}
	if (!done || !verdict_add_losses(verdict, snapshot)) {
		verdict_free(verdict);
		return NULL;
	}
	return verdict;
}

void verdict_free(struct verdict *verdict)
{
	if (!verdict)
		return;
	free(verdict->reasons);
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
