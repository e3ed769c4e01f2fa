/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "model/snapshot.h"
#include "util/array.h"

/* To be freed; NULL when out of memory. */
static char *key_of(const struct finding *finding)
{
	char *key = NULL;
	size_t size;
	FILE *out = open_memstream(&key, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s %d %d %d", finding->process->comm, finding->site->kind,
		finding->site->leak_class, finding->site->role);
	for (uint32_t i = 0; i < finding->frame_count; i++) {
		const struct frame *frame = &finding->frames[i];

		fprintf(out, "\n%s %s", frame->function ? frame->function : "",
			module_name(frame->module));
	}
	if (!fclose(out))
		return key;
	free(key);
	return NULL;
}

static struct place_amount *place_of(struct baseline *baseline, const struct finding *finding)
{
	struct place_amount *place;
	char *key = key_of(finding);

	if (!key)
		return NULL;
	HASH_FIND_STR(baseline->places, key, place);
	if (place) {
		free(key);
		return place;
	}
	place = calloc(1, sizeof(*place));
	if (!place) {
		free(key);
		return NULL;
	}
	place->key = key;
	place->finding = finding;
	HASH_ADD_KEYPTR(hh, baseline->places, place->key, strlen(place->key), place);
	if (!hash_has(place)) {
		free(place);
		free(key);
		return NULL;
	}
	return place;
}

static void add_amount(struct place_amount *place, const struct finding *finding)
{
	if (place->process != finding->process)
		place->own_count = place->own_bytes = 0;
	place->process = finding->process;
	place->own_count += finding->live_count;
	place->own_bytes += finding->live_bytes;
	place->count += finding->live_count;
	place->bytes += finding->live_bytes;
	if (place->own_count > place->most_count)
		place->most_count = place->own_count;
	if (place->own_bytes > place->most_bytes)
		place->most_bytes = place->own_bytes;
}

int baseline_fill(struct baseline *baseline, const struct findings *all)
{
	*baseline = (struct baseline){ 0 };
	for (size_t i = 0; i < all->process_count; i++) {
		const struct process_findings *process = &all->processes[i];

		for (size_t j = 0; j < process->finding_count; j++) {
			struct place_amount *place;

			if (!process->findings[j].live_count)
				continue;
			place = place_of(baseline, &process->findings[j]);
			if (!place) {
				baseline_clear(baseline);
				return -ENOMEM;
			}
			add_amount(place, &process->findings[j]);
		}
	}
	return 0;
}

static const struct place_amount *find(const struct baseline *baseline, const char *key)
{
	struct place_amount *place;

	HASH_FIND_STR(baseline->places, key, place);
	return place;
}

static uint64_t take(uint64_t *left, uint64_t wanted)
{
	uint64_t taken = wanted < *left ? wanted : *left;

	*left -= taken;
	return taken;
}

/* Several findings may be of one place, which differ in their lines: they share what is known. */
static int apply_to(const struct baseline *baseline, struct finding *finding)
{
	char *key = key_of(finding);
	struct place_amount *place;

	if (!key)
		return -ENOMEM;
	HASH_FIND_STR(baseline->places, key, place);
	free(key);
	if (!place)
		return 0;
	if (place->process != finding->process) {
		place->process = finding->process;
		place->own_count = place->most_count;
		place->own_bytes = place->most_bytes;
	}
	finding->known_count = take(&place->own_count, finding->live_count);
	finding->known_bytes = take(&place->own_bytes, finding->live_bytes);
	return 0;
}

int baseline_apply(const struct baseline *baseline, struct findings *findings)
{
	struct place_amount *place, *next;
	int error = 0;

	HASH_ITER(hh, baseline->places, place, next)
	place->process = NULL;
	for (size_t i = 0; i < findings->process_count; i++)
		for (size_t j = 0; !error && j < findings->processes[i].finding_count; j++)
			error = apply_to(baseline, &findings->processes[i].findings[j]);
	return error;
}

void baseline_clear(struct baseline *baseline)
{
	struct place_amount *place, *next;

	HASH_ITER(hh, baseline->places, place, next)
	{
		HASH_DEL(baseline->places, place);
		free(place->key);
		free(place);
	}
}

/* ---- differences ---------------------------------------------------------------------- */

static int add_difference(struct differences *differences, const struct place_amount *old_place,
			  const struct place_amount *new_place)
{
	struct difference difference = {
		.change = !old_place   ? CHANGE_NEW
			  : !new_place ? CHANGE_GONE
				       : CHANGE_GROWN,
		.finding = new_place ? new_place->finding : old_place->finding,
		.old_count = old_place ? old_place->count : 0,
		.old_bytes = old_place ? old_place->bytes : 0,
		.new_count = new_place ? new_place->count : 0,
		.new_bytes = new_place ? new_place->bytes : 0,
	};
	struct difference *slot;

	if (difference.old_count == difference.new_count &&
	    difference.old_bytes == difference.new_bytes)
		return 0;
	if (difference.change == CHANGE_GROWN && (difference.new_bytes < difference.old_bytes ||
						  (difference.new_bytes == difference.old_bytes &&
						   difference.new_count < difference.old_count)))
		difference.change = CHANGE_SHRUNK;
	slot = array_add(&differences->all, &differences->count, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = difference;
	return 0;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static int compare_differences(const void *left, const void *right)
{
	const struct difference *a = left, *b = right;
	uint64_t a_bytes = distance(a->old_bytes, a->new_bytes);
	uint64_t b_bytes = distance(b->old_bytes, b->new_bytes);

	if (a->change != b->change)
		return a->change < b->change ? -1 : 1;
	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? 1 : -1;
	a_bytes = distance(a->old_count, a->new_count);
	b_bytes = distance(b->old_count, b->new_count);
	return (a_bytes < b_bytes) - (a_bytes > b_bytes);
}

int differences_find(struct differences *differences, const struct baseline *old_run,
		     const struct baseline *new_run)
{
	struct place_amount *place, *next;
	int error = 0;

	*differences = (struct differences){ 0 };
	HASH_ITER(hh, new_run->places, place, next)
	if (!error)
		error = add_difference(differences, find(old_run, place->key), place);
	HASH_ITER(hh, old_run->places, place, next)
	if (!error && !find(new_run, place->key))
		error = add_difference(differences, place, NULL);
	if (error) {
		differences_clear(differences);
		return error;
	}
	if (differences->count)
		qsort(differences->all, differences->count, sizeof(*differences->all),
		      compare_differences);
	return 0;
}

void differences_clear(struct differences *differences)
{
	free(differences->all);
	*differences = (struct differences){ 0 };
}
