/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "model/snapshot.h"

struct usage usage_of(const struct snapshot *snapshot)
{
	struct usage usage = { { 0 } };

	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];
		const struct totals *heap = &process->totals[KIND_HEAP];

		usage.figures[USAGE_PEAK_LIVE] += heap->peak_bytes;
		usage.figures[USAGE_BYTES] += heap->acquired_bytes;
		usage.figures[USAGE_ALLOCATIONS] += heap->acquired_count;
		if (process->peak_rss_bytes > usage.figures[USAGE_PEAK_RSS])
			usage.figures[USAGE_PEAK_RSS] = process->peak_rss_bytes;
	}
	return usage;
}

void usage_keep_least(struct usage *least, const struct usage *usage)
{
	for (int i = 0; i < USAGE_FIGURES; i++)
		if (usage->figures[i] < least->figures[i])
			least->figures[i] = usage->figures[i];
}

/* To be freed; NULL when out of memory. The program's own name is no part of it: it may be another
 * build. */
static char *key_of(const struct stack *stack)
{
	char *key = NULL;
	size_t size;
	FILE *out = open_memstream(&key, &size);

	if (!out)
		return NULL;
	for (uint32_t i = stack_first_frame(stack); i < stack->frame_count; i++) {
		const struct frame *frame = &stack->frames[i];

		fprintf(out, "%s\n",
			frame->function ? frame->function : module_name(frame->module));
	}
	if (!fclose(out))
		return key;
	free(key);
	return NULL;
}

static int add_site(struct usage_differences *differences, const struct stack *stack,
		    const struct site *site, int run)
{
	char *key = key_of(stack);
	struct usage_place *place;

	if (!key)
		return -ENOMEM;
	HASH_FIND_STR(differences->by_key, key, place);
	if (place) {
		free(key);
	} else {
		place = calloc(1, sizeof(*place));
		if (!place) {
			free(key);
			return -ENOMEM;
		}
		place->key = key;
		HASH_ADD_KEYPTR(hh, differences->by_key, place->key, strlen(place->key), place);
		if (!hash_has(place)) {
			free(place);
			free(key);
			return -ENOMEM;
		}
	}
	place->stack = stack;
	place->count[run] += site->acquired_count;
	place->bytes[run] += site->acquired_bytes;
	return 0;
}

static int add_run(struct usage_differences *differences, const struct snapshot *snapshot, int run)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct process *process = &snapshot->processes[i];

		for (size_t j = 0; !error && j < process->site_count; j++)
			if (process->sites[j].kind == KIND_HEAP &&
			    process->sites[j].stack < process->stack_count)
				error = add_site(differences,
						 &process->stacks[process->sites[j].stack],
						 &process->sites[j], run);
	}
	return error;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static int compare_places(const void *left, const void *right)
{
	const struct usage_place *a = *(const struct usage_place *const *)left;
	const struct usage_place *b = *(const struct usage_place *const *)right;
	uint64_t a_bytes = distance(a->bytes[0], a->bytes[1]);
	uint64_t b_bytes = distance(b->bytes[0], b->bytes[1]);

	return a_bytes != b_bytes ? (a_bytes < b_bytes ? 1 : -1) : strcmp(a->key, b->key);
}

int usage_compare(struct usage_differences *differences, const struct snapshot *first,
		  const struct snapshot *second)
{
	struct usage_place *place, *next;
	int error;

	*differences = (struct usage_differences){ 0 };
	error = add_run(differences, first, 0);
	if (!error)
		error = add_run(differences, second, 1);
	if (!error)
		differences->sorted =
			calloc(HASH_COUNT(differences->by_key) + 1, sizeof(struct usage_place *));
	if (error || !differences->sorted) {
		usage_differences_clear(differences);
		return -ENOMEM;
	}
	HASH_ITER(hh, differences->by_key, place, next)
	if (place->bytes[0] != place->bytes[1] || place->count[0] != place->count[1])
		differences->sorted[differences->count++] = place;
	qsort(differences->sorted, differences->count, sizeof(struct usage_place *),
	      compare_places);
	return 0;
}

void usage_differences_clear(struct usage_differences *differences)
{
	struct usage_place *place = differences->by_key, *next;

	HASH_CLEAR(hh, differences->by_key);
	for (; place; place = next) {
		next = place->hh.next;
		free(place->key);
		free(place);
	}
	free(differences->sorted);
	*differences = (struct usage_differences){ 0 };
}
