/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how calls and marks read: what their rounds, or they as a whole, left behind. */
#include "analyze/findings.h"
#include "analyze/scopes.h"
#include "analyze/verdict.h"
#include "model/snapshot.h"
#include "report/escape.h"
#include "report/format.h"
#include "report/text.h"

/* "heap=+160 bytes (calls=10, avg/call=+16)" */
static void write_round(const struct text_view *view, const struct scope_result *result,
			size_t round)
{
	const struct snapshot *snapshot = view->findings->snapshot;
	const char *noun = result->scope->is_call ? "call" : "run", *before = "";
	uint64_t entries = result->entries[round];
	char number[FORMAT_SIZE];

	fprintf(view->out, "    %-8s ", round ? "" : "warm-up");
	for (size_t i = 0; i < snapshot->kind_count; i++) {
		bool has_bytes = kind_bytes_matter(snapshot->kinds, i);
		struct scope_amount sum = scope_round_sum(result, i, round);
		uint64_t amount = has_bytes ? sum.bytes : sum.count;

		if (!sum.count)
			continue;
		fprintf(view->out, "%s%s=+%s", before, snapshot->kinds[i].name,
			has_bytes ? format_bytes(number, amount) : format_count(number, amount));
		fprintf(view->out, " (avg/%s=+%.4g)", noun, (double)amount / (double)entries);
		before = "  ";
	}
	fprintf(view->out, "%s(%ss=%s)\n", *before ? "  " : "nothing  ", noun,
		format_count(number, entries));
}

/* "session() in rounds[17], 200 calls: " */
static void write_name(const struct text_view *view, const struct scope_result *result)
{
	bool is_call = result->scope->is_call;
	char number[FORMAT_SIZE];

	fputs("  ", view->out);
	escape_write(view->out, result->scope->name);
	fprintf(view->out, "%s in ", is_call ? "()" : "");
	text_label(view->out, result->process->process);
	fprintf(view->out, ", %s: ",
		format_number_of(number, result->scope->entries, is_call ? "call" : "run",
				 is_call ? "calls" : "runs"));
}

/* "4.0 KB in 4 blocks, 1 descriptor left", "nothing left" */
static void write_left(const struct text_view *view, const struct scope_result *result)
{
	const struct snapshot *snapshot = view->findings->snapshot;
	const char *before = "";
	char text[FORMAT_SIZE];

	write_name(view, result);
	for (size_t i = 0; i < snapshot->kind_count; i++) {
		const struct kind_info *kind = &snapshot->kinds[i];
		struct scope_amount left = { 0 };

		for (size_t round = 0; round < result->round_count; round++) {
			struct scope_amount sum = scope_round_sum(result, i, round);

			left.count += sum.count;
			left.bytes += sum.bytes;
		}
		if (!left.count)
			continue;
		fputs(before, view->out);
		if (kind_bytes_matter(snapshot->kinds, i))
			fprintf(view->out, "%s in ", format_bytes(text, left.bytes));
		fputs(format_number_of(text, left.count, kind->noun, kind->nouns), view->out);
		before = ", ";
	}
	fputs(*before ? " left\n" : "nothing left\n", view->out);
}

static void write_scope(const struct text_view *view, const struct scope_result *result)
{
	static const char *const words[] = {
		[SCOPE_TOO_FEW] = "too few to tell",
		[SCOPE_STEADY] = "no growth",
		[SCOPE_GROWS] = "grows",
	};
	bool is_call = result->scope->is_call;

	/* Whether it grows nobody asks of what is done once: what is left of it is of interest. */
	if (!is_call && result->state == SCOPE_TOO_FEW) {
		write_left(view, result);
		return;
	}
	write_name(view, result);
	fprintf(view->out, "%s%s%s\n",
		result->state == SCOPE_GROWS ? text_paint(view, PAINT_LOSS) : "",
		words[result->state], text_paint(view, PAINT_OFF));
	for (size_t i = 0; i < result->round_count; i++)
		if (result->entries[i])
			write_round(view, result, i);
}

void text_scopes(const struct text_view *view)
{
	const struct scope_results *results = view->verdict->scopes;

	for (size_t i = 0; results && i < results->count; i++) {
		if (!i)
			fputs("\nCalls and marks:\n", view->out);
		write_scope(view, &results->results[i]);
	}
}
