/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/scopes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "model/snapshot.h"
#include "util/array.h"
#include "util/hash.h"

/* So many rounds, the latest ones, are held against each other. */
#define COMPARED_MIN 3
#define COMPARED_MAX 4
/* Where each entry leaves some, a round may miss what is expected of it by such a part. */
#define DEVIATION_PART 0.35
/*
 * Where only some entries do, chance has a part: by Pearson's test (1900), what is in proportion
 * goes beyond this in 1 of 100 cases; of two and three degrees of freedom.
 */
static const double chi_square_limits[] = { 0, 6.635, 9.210, 11.345 };
/* Of fewer than that nothing can be told. */
#define COUNT_MIN 3

/* The open round says something from so many entries on: half of the first one's. */
static uint64_t open_round_min(uint64_t first_round)
{
	return first_round > 1 ? first_round / 2 : 1;
}

static void fill_entries(struct scope_result *result, const struct scope_rounds *rounds)
{
	uint64_t left = result->scope->entries, size = rounds->first;

	result->entries[0] = left < rounds->warm_up ? left : rounds->warm_up;
	left -= result->entries[0];
	for (result->round_count = 1; left && result->round_count < SCOPE_ROUNDS_MAX;
	     result->round_count++) {
		bool is_last = result->round_count == rounds->count ||
			       result->round_count + 1 == SCOPE_ROUNDS_MAX;

		result->entries[result->round_count] = left < size || is_last ? left : size;
		left -= result->entries[result->round_count];
		size *= 2;
	}
}

/* The rounds from `*from` up to the result, which is behind the last one. */
static size_t compared_rounds(const uint64_t *entries, size_t rounds, uint64_t first_round,
			      size_t *from)
{
	size_t end = rounds;

	if (end > 1 && entries[end - 1] < open_round_min(first_round))
		end--;
	*from = end > COMPARED_MAX ? end - COMPARED_MAX : 1;
	return end;
}

/* `share`: of entries, that left one. */
static bool is_in_proportion(const uint64_t *entries, const struct scope_amount *amounts,
			     size_t from, size_t end, double share)
{
	double chi_square = 0;

	for (size_t i = from; i < end; i++) {
		double expected = share * (double)entries[i];
		double missed = fabs((double)amounts[i].count - expected);

		/* None of some is no chance. */
		if (!amounts[i].count && expected >= COUNT_MIN)
			return false;
		if (share >= 1 && missed > expected * DEVIATION_PART)
			return false;
		chi_square += missed * missed / expected;
	}
	return share >= 1 || chi_square <= chi_square_limits[end - from - 1];
}

bool scope_rounds_grow(const uint64_t *entries, const struct scope_amount *amounts, size_t rounds,
		       uint64_t first_round)
{
	double all_entries = 0, all_counts = 0;
	size_t from, end = compared_rounds(entries, rounds, first_round, &from);

	if (end < from + COMPARED_MIN)
		return false;
	for (size_t i = from; i < end; i++) {
		all_entries += (double)entries[i];
		all_counts += (double)amounts[i].count;
	}
	return all_counts >= COUNT_MIN && all_entries > 0 &&
	       is_in_proportion(entries, amounts, from, end, all_counts / all_entries);
}

/* "f" is also "f(int)" and "f.cold". */
static bool is_name_of(const char *name, const char *function)
{
	size_t length = strlen(name);

	return function && !strncmp(function, name, length) &&
	       (!function[length] || function[length] == '(' || function[length] == '.');
}

/* A call that is over may not have been noticed at once: its function is not on the stack then. */
static bool is_inside(const struct scope *scope, const struct finding *finding)
{
	if (!scope->is_call)
		return true;
	for (uint32_t i = 0; i < finding->frame_count; i++)
		if (is_name_of(scope->name, finding->frames[i].function) ||
		    is_name_of(scope->name, finding->frames[i].symbol))
			return true;
	return false;
}

static void judge_part(struct scope_result *result, struct scope_part *part, uint64_t first_round)
{
	size_t from,
		end = compared_rounds(result->entries, result->round_count, first_round, &from);
	double entries = 0, count = 0, bytes = 0;

	part->grows =
		scope_rounds_grow(result->entries, part->rounds, result->round_count, first_round);
	for (size_t i = from; i < end; i++) {
		entries += (double)result->entries[i];
		count += (double)part->rounds[i].count;
		bytes += (double)part->rounds[i].bytes;
	}
	if (entries > 0) {
		part->count_per_entry = count / entries;
		part->bytes_per_entry = bytes / entries;
	}
	if (part->grows)
		result->state = SCOPE_GROWS;
}

/* ---- what a scope holds ------------------------------------------------------------------ */

/* A call site that holds something of a scope. */
struct piece {
	uint32_t scope;
	size_t finding;
	const struct site *site;
};

static int compare_pieces(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return (a->finding > b->finding) - (a->finding < b->finding);
}

/* Of all scopes of a process, by scope and finding. Returns false when out of memory. */
static bool find_pieces(const struct process_findings *process, struct piece **pieces,
			size_t *count)
{
	for (size_t i = 0; i < process->finding_count; i++) {
		const struct finding *finding = &process->findings[i];

		for (size_t j = 0; finding->live_count && j < finding->site_count; j++) {
			const struct site *site = finding->sites[j];
			struct piece *piece;

			if (site->scope == SITE_NO_SCOPE || site->round >= SCOPE_ROUNDS_MAX ||
			    !site->live_count)
				continue;
			piece = array_add(pieces, count, sizeof(*piece));
			if (!piece)
				return false;
			*piece = (struct piece){ site->scope, i, site };
		}
	}
	if (*count)
		qsort(*pieces, *count, sizeof(**pieces), compare_pieces);
	return true;
}

/* The pieces of one finding make a part. Returns false when out of memory. */
static bool add_part(struct scope_result *result, const struct piece *pieces, size_t count,
		     uint64_t first_round)
{
	struct scope_part part = { .finding = &result->process->findings[pieces->finding] }, *slot;

	for (size_t i = 0; i < count; i++) {
		const struct site *site = pieces[i].site;

		part.rounds[site->round].count += site->live_count;
		part.rounds[site->round].bytes += site->live_bytes;
	}
	if (!is_inside(result->scope, part.finding))
		return true;
	slot = array_add(&result->parts, &result->part_count, sizeof(*slot));
	if (!slot)
		return false;
	*slot = part;
	judge_part(result, slot, first_round);
	return true;
}

static bool add_parts(struct scope_result *result, const struct piece *pieces, size_t count,
		      uint64_t first_round)
{
	for (size_t from = 0, next; from < count; from = next) {
		for (next = from + 1; next < count; next++)
			if (pieces[next].finding != pieces[from].finding)
				break;
		if (!add_part(result, pieces + from, next - from, first_round))
			return false;
	}
	return true;
}

/* ---- parts of one line --------------------------------------------------------------------- */

/* Strings are interned: equal ones are equal pointers. */
struct line {
	uint64_t kind;
	const char *function;
	uint64_t offset;
	const char *module;
};

struct known_line {
	struct line line;
	size_t latest; /* part */
	UT_hash_handle hh;
};

/* A part with all behind it that are of the same line. */
struct joined {
	struct scope_part whole;
	size_t next; /* the next one of them; the number of parts: none is */
	bool is_gone;
};

/* Code that has no name is known by its place in its file, or in memory. */
static struct line line_of(const struct finding *finding)
{
	const struct frame *frame = own_frame(finding->frames, finding->frame_count);

	if (!frame)
		return (struct line){ .kind = finding->site->kind };
	return (struct line){ finding->site->kind, frame->function,
			      frame->function || frame->module ? frame->offset : frame->ip,
			      frame->module };
}

/* The part that was known of its line before; `count`: none. Returns false when out of memory. */
static bool know_line(struct known_line **lines, const struct finding *finding, size_t part,
		      size_t count, size_t *before)
{
	const struct line line = line_of(finding);
	struct known_line *known;

	*before = count;
	HASH_FIND(hh, *lines, &line, sizeof(line), known);
	if (known) {
		*before = known->latest;
	} else {
		known = calloc(1, sizeof(*known));
		if (!known)
			return false;
		known->line = line;
		HASH_ADD(hh, *lines, line, sizeof(line), known);
		if (!hash_has(known)) {
			free(known);
			return false;
		}
	}
	known->latest = part;
	return true;
}

static void add_part_to(struct scope_part *whole, const struct scope_part *part)
{
	if (part->finding->live_count > whole->finding->live_count)
		whole->finding = part->finding;
	for (size_t round = 0; round < SCOPE_ROUNDS_MAX; round++) {
		whole->rounds[round].count += part->rounds[round].count;
		whole->rounds[round].bytes += part->rounds[round].bytes;
	}
}

/* From the last part on, so that each is looked at once. Returns false when out of memory. */
static bool chain_parts(const struct scope_result *result, struct joined *joined)
{
	struct known_line *lines = NULL, *line, *next;
	size_t count = result->part_count;
	bool done = true;

	for (size_t i = count; done && i-- > 0;) {
		joined[i].whole = result->parts[i];
		done = know_line(&lines, result->parts[i].finding, i, count, &joined[i].next);
		if (done && joined[i].next < count)
			add_part_to(&joined[i].whole, &joined[joined[i].next].whole);
	}
	HASH_ITER(hh, lines, line, next)
	{
		HASH_DEL(lines, line);
		free(line);
	}
	return done;
}

/*
 * One line that is reached in several ways, by an interpreter first and then by compiled code,
 * say, or whose blocks are of several classes (a stray pointer makes a lost one possible): when it
 * grows as a whole, it is one. Returns false when out of memory.
 */
static bool join_parts(struct scope_result *result, uint64_t first_round)
{
	size_t count = result->part_count, kept = 0;
	struct joined *joined = calloc(count + 1, sizeof(*joined));

	if (!joined || !chain_parts(result, joined)) {
		free(joined);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (joined[i].is_gone)
			continue;
		if (scope_rounds_grow(result->entries, joined[i].whole.rounds, result->round_count,
				      first_round)) {
			for (size_t j = joined[i].next; j < count; j = joined[j].next)
				joined[j].is_gone = true;
			judge_part(result, &joined[i].whole, first_round);
			result->parts[i] = joined[i].whole;
		}
		result->parts[kept++] = result->parts[i];
	}
	result->part_count = kept;
	free(joined);
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Returns false when out of memory. */
static bool add_result(struct scope_results *results, const struct process_findings *process,
		       uint32_t index, const struct piece *pieces, size_t count,
		       const struct scope_rounds *rounds)
{
	struct scope_result *result =
		array_add(&results->results, &results->count, sizeof(*result));
	size_t from;

	if (!result)
		return false;
	result->process = process;
	result->scope = &process->process->scopes[index];
	fill_entries(result, rounds);
	if (compared_rounds(result->entries, result->round_count, rounds->first, &from) >=
	    from + COMPARED_MIN)
		result->state = SCOPE_STEADY;
	return add_parts(result, pieces, count, rounds->first) && join_parts(result, rounds->first);
}

static bool is_asked_for(const struct scope *scope, const char *name)
{
	return !name || !strcmp(name, scope->name);
}

static bool add_process(struct scope_results *results, const struct process_findings *process,
			const char *name, const struct scope_rounds *rounds)
{
	struct piece *pieces = NULL;
	size_t count = 0, from = 0;
	bool done = find_pieces(process, &pieces, &count);

	for (uint32_t i = 0; done && i < process->process->scope_count; i++) {
		size_t next = from;

		while (next < count && pieces[next].scope == i)
			next++;
		if (is_asked_for(&process->process->scopes[i], name))
			done = add_result(results, process, i, pieces + from, next - from, rounds);
		from = next;
	}
	free(pieces);
	return done;
}

uint64_t scope_entries_needed(const struct scope_rounds *rounds)
{
	return rounds->warm_up + 3 * rounds->first + open_round_min(rounds->first);
}

struct scope_results *scope_results_new(const struct findings *all, const char *name)
{
	struct scope_results *results = calloc(1, sizeof(*results));
	const struct scope_rounds *rounds = &all->snapshot->rounds;

	/* A round of a sample says nothing of growth. */
	if (!results || all->snapshot->sample_bytes)
		return results;
	for (size_t i = 0; i < all->process_count; i++) {
		const struct process_findings *process = &all->processes[i];

		/* What a replaced image held went away with it. */
		if (process->is_ignored || process->process->end == PROCESS_EXECED)
			continue;
		if (!process->process->scope_count || add_process(results, process, name, rounds))
			continue;
		scope_results_free(results);
		return NULL;
	}
	return results;
}

struct scope_amount scope_round_sum(const struct scope_result *result, size_t kind, size_t round)
{
	struct scope_amount sum = { 0 };

	for (size_t i = 0; i < result->part_count; i++) {
		const struct scope_part *part = &result->parts[i];

		if (part->finding->site->kind != kind)
			continue;
		sum.count += part->rounds[round].count;
		sum.bytes += part->rounds[round].bytes;
	}
	return sum;
}

void scope_results_free(struct scope_results *results)
{
	if (!results)
		return;
	for (size_t i = 0; i < results->count; i++)
		free(results->results[i].parts);
	free(results->results);
	free(results);
}
