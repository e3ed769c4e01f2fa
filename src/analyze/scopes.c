/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/scopes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "model/snapshot.h"
#include "util/array.h"

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

/* Returns false when out of memory. */
static bool add_part(struct scope_result *result, const struct finding *finding, uint32_t index,
		     uint64_t first_round)
{
	struct scope_part part = { .finding = finding }, *slot;
	bool any = false;

	for (size_t i = 0; i < finding->site_count; i++) {
		const struct site *site = finding->sites[i];

		if (site->scope != index || site->round >= SCOPE_ROUNDS_MAX || !site->live_count)
			continue;
		part.rounds[site->round].count += site->live_count;
		part.rounds[site->round].bytes += site->live_bytes;
		any = true;
	}
	if (!any || !is_inside(result->scope, finding))
		return true;
	slot = array_add(&result->parts, &result->part_count, sizeof(*slot));
	if (!slot)
		return false;
	part.own = own_frame(finding->frames, finding->frame_count);
	*slot = part;
	judge_part(result, slot, first_round);
	return true;
}

static bool is_same_place(const struct scope_part *a, const struct scope_part *b)
{
	const struct frame *left = a->own, *right = b->own;

	return a->finding->site->kind == b->finding->site->kind && left && right &&
	       left->offset == right->offset && left->module == right->module && left->function &&
	       right->function && !strcmp(left->function, right->function);
}

/*
 * One line that is reached in several ways, by an interpreter first and then by compiled code,
 * say: when it grows as a whole, it is one.
 */
static void join_parts(struct scope_result *result, size_t first, uint64_t first_round)
{
	struct scope_part whole = result->parts[first];
	size_t kept = first + 1;

	for (size_t i = first + 1; i < result->part_count; i++) {
		const struct scope_part *part = &result->parts[i];

		if (!is_same_place(&whole, part))
			continue;
		if (part->finding->live_count > whole.finding->live_count)
			whole.finding = part->finding;
		for (size_t round = 0; round < SCOPE_ROUNDS_MAX; round++) {
			whole.rounds[round].count += part->rounds[round].count;
			whole.rounds[round].bytes += part->rounds[round].bytes;
		}
	}
	if (!scope_rounds_grow(result->entries, whole.rounds, result->round_count, first_round))
		return;
	for (size_t i = first + 1; i < result->part_count; i++)
		if (!is_same_place(&whole, &result->parts[i]))
			result->parts[kept++] = result->parts[i];
	result->part_count = kept;
	judge_part(result, &whole, first_round);
	result->parts[first] = whole;
}

static bool add_result(struct scope_results *results, const struct process_findings *process,
		       uint32_t index, const struct snapshot *snapshot)
{
	struct scope_result *result =
		array_add(&results->results, &results->count, sizeof(*result));
	size_t from;

	if (!result)
		return false;
	result->process = process;
	result->scope = &process->process->scopes[index];
	fill_entries(result, &snapshot->rounds);
	if (compared_rounds(result->entries, result->round_count, snapshot->rounds.first, &from) >=
	    from + COMPARED_MIN)
		result->state = SCOPE_STEADY;
	for (size_t i = 0; i < process->finding_count; i++)
		if (process->findings[i].live_count &&
		    !add_part(result, &process->findings[i], index, snapshot->rounds.first))
			return false;
	for (size_t i = 0; i < result->part_count; i++)
		join_parts(result, i, snapshot->rounds.first);
	return true;
}

uint64_t scope_entries_needed(const struct scope_rounds *rounds)
{
	return rounds->warm_up + 3 * rounds->first + open_round_min(rounds->first);
}

struct scope_results *scope_results_new(const struct findings *all, const char *name)
{
	struct scope_results *results = calloc(1, sizeof(*results));

	if (!results)
		return NULL;
	for (size_t i = 0; i < all->process_count; i++) {
		const struct process_findings *process = &all->processes[i];

		/* What a replaced image held went away with it. */
		if (process->is_ignored || process->process->end == PROCESS_EXECED)
			continue;
		for (uint32_t j = 0; j < process->process->scope_count; j++) {
			if ((name && strcmp(name, process->process->scopes[j].name) != 0) ||
			    add_result(results, process, j, all->snapshot))
				continue;
			scope_results_free(results);
			return NULL;
		}
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
