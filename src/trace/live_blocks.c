/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/live_blocks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "reach/blocks.h"
#include "trace/collect.h"
#include "trace/tracer.h"
#include "util/array.h"

/* Sorted by so many bits of the address at a time (radix sort, least significant first). */
#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)
#define ADDRESS_BITS 47
/* Fewer are sorted quicker by comparing. */
#define RADIX_MIN 4096

struct list {
	struct live_blocks *live;
	size_t room;
	uint32_t space;
	int error;
};

static bool is_block(uint32_t kind)
{
	return kind == WIRE_HEAP || kind >= WIRE_CUSTOM;
}

static void add_block(struct list *list, uint32_t kind, uint64_t id, uint64_t size)
{
	struct live_blocks *live = list->live;

	if (live->count == list->room) {
		size_t room = list->room ? list->room * 2 : 1024;
		struct block *grown = reallocarray(live->blocks, room, sizeof(*grown));

		if (!grown) {
			list->error = -ENOMEM;
			return;
		}
		live->blocks = grown;
		list->room = room;
	}
	live->blocks[live->count++] = (struct block){ id, kind == WIRE_HEAP ? size : 0 };
}

static void add(struct list *list, uint32_t kind, uint64_t id, uint64_t size)
{
	struct live_blocks *live = list->live;
	uint64_t *thread;

	if (is_block(kind)) {
		add_block(list, kind, id, size);
	} else if (kind == WIRE_THREAD) {
		thread = array_add(&live->threads, &live->thread_count, sizeof(*thread));
		if (thread)
			*thread = id;
		else
			list->error = -ENOMEM;
	}
}

static void add_spilled(const struct wire_spill_key *key, const struct wire_live *value,
			void *context)
{
	struct list *list = context;

	if (key->space == list->space)
		add(list, key->kind, key->id, value->size);
}

static void add_bucket(struct list *list, const struct wire_bucket *bucket)
{
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++) {
		uint64_t key = __atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE);

		if (key && !(key & WIRE_KEY_BUSY) &&
		    (key >> WIRE_KEY_SPACE_SHIFT & WIRE_KEY_SPACE_MASK) == list->space)
			add(list, key >> WIRE_KEY_KIND_SHIFT & (WIRE_KEY_KINDS - 1),
			    collect_id_of_key(key), bucket->values[i].size);
	}
}

static int compare_blocks(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->size < b->size) - (a->size > b->size);
}

static int sort_by_digits(struct live_blocks *list)
{
	struct block *from = list->blocks, *to = malloc(list->count * sizeof(*to)), *swap;

	if (!to)
		return -ENOMEM;
	for (unsigned shift = 0; shift < ADDRESS_BITS; shift += DIGIT_BITS) {
		size_t places[DIGITS] = { 0 }, before = 0;

		for (size_t i = 0; i < list->count; i++)
			places[from[i].start >> shift & (DIGITS - 1)]++;
		/* All have the same digit. */
		if (places[from[0].start >> shift & (DIGITS - 1)] == list->count)
			continue;
		for (size_t i = 0; i < DIGITS; i++) {
			size_t count = places[i];

			places[i] = before;
			before += count;
		}
		for (size_t i = 0; i < list->count; i++)
			to[places[from[i].start >> shift & (DIGITS - 1)]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	free(to);
	list->blocks = from;
	return 0;
}

/*
 * A handle that is in a heap block goes by that block. Where blocks overlap, the release of
 * one was missed, and the later one of them is the one that is there.
 */
static void make_disjoint(struct live_blocks *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct block *block = &list->blocks[i];
		struct block *last = kept ? &list->blocks[kept - 1] : NULL;

		if (last && block->start < last->start + (last->size ? last->size : 1)) {
			if (!block->size)
				continue;
			if (block->start == last->start)
				kept--;
			else
				last->size = block->start - last->start;
		}
		list->blocks[kept++] = *block;
	}
	list->count = kept;
}

int live_blocks_read(struct live_blocks *live, struct tracer *tracer, uint32_t space)
{
	struct list list = { .live = live, .space = space };
	size_t bucket_count;
	const struct wire_bucket *buckets = tracer_buckets(tracer, &bucket_count);

	*live = (struct live_blocks){ 0 };
	for (size_t i = 0; i < bucket_count; i++)
		add_bucket(&list, &buckets[i]);
	tracer_each_spilled(tracer, add_spilled, &list);
	if (!list.error && live->count >= RADIX_MIN)
		list.error = sort_by_digits(live);
	else if (live->count)
		qsort(live->blocks, live->count, sizeof(*live->blocks), compare_blocks);
	if (!list.error)
		make_disjoint(live);
	return list.error;
}

void live_blocks_clear(struct live_blocks *live)
{
	free(live->blocks);
	free(live->threads);
	*live = (struct live_blocks){ 0 };
}
