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
#include "util/proc.h"

/* Sorted by so many bits of the address at a time (radix sort, least significant first). */
#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)
#define ADDRESS_BITS 47
/* Fewer are sorted quicker by comparing. */
#define RADIX_MIN 4096

/* A part of the table is looked at if it is no more than that one of it. */
#define SMALL_PART 4
#define ANY_KIND UINT32_MAX

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

/* Those of a kind, in [start, end): the same bucket may come by for others. */
static void add_bucket(struct list *list, const struct wire_bucket *bucket, uint32_t wanted,
		       uint64_t start, uint64_t end)
{
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++) {
		uint64_t key = __atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE), id;
		uint32_t kind = key >> WIRE_KEY_KIND_SHIFT & (WIRE_KEY_KINDS - 1);

		if (!key || (key & WIRE_KEY_BUSY) ||
		    (key >> WIRE_KEY_SPACE_SHIFT & WIRE_KEY_SPACE_MASK) != list->space ||
		    (wanted != ANY_KIND && kind != wanted))
			continue;
		id = collect_id_of_key(key);
		if (id >= start && id < end)
			add(list, kind, id, bucket->values[i].size);
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

/* Where allocators have their blocks (musl also in what is left of its data), threads their
 * handles. */
static bool may_have_blocks(const struct proc_map *map)
{
	return map->writable;
}

static bool has_small_space(const struct proc_map *maps, size_t map_count, size_t bucket_count)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < map_count; i++)
		if (may_have_blocks(&maps[i]))
			bytes += maps[i].end - maps[i].start + WIRE_NEAR_BYTES;
	return bytes / WIRE_NEAR_BYTES * WIRE_NEAR_BUCKETS * SMALL_PART < bucket_count;
}

/* The buckets of one piece of memory. Returns false when some of its keys are elsewhere. */
static bool add_near(struct list *list, const struct wire_bucket *buckets, size_t bucket_count,
		     uint32_t kind, uint64_t address)
{
	uint64_t key = (uint64_t)kind << WIRE_KEY_KIND_SHIFT |
		       (uint64_t)list->space << WIRE_KEY_SPACE_SHIFT |
		       (address & ~(WIRE_NEAR_BYTES - 1ULL)) >> WIRE_KEY_ID_SHIFT;
	size_t first = wire_first_bucket(key, (uint32_t)bucket_count);

	for (size_t i = 0; i < WIRE_NEAR_BUCKETS; i++) {
		const struct wire_bucket *bucket = &buckets[(first + i) % bucket_count];

		if (bucket->spilled)
			return false;
		add_bucket(list, bucket, kind, address, address + WIRE_NEAR_BYTES);
	}
	return true;
}

/*
 * Of a process with little memory it is known which buckets may have its blocks: most of the
 * table need not be looked at. Returns false when that is not so.
 */
static bool add_small_space(struct list *list, const struct wire_bucket *buckets,
			    size_t bucket_count, const struct proc_map *maps, size_t map_count)
{
	static const uint32_t kinds[] = { WIRE_HEAP, WIRE_THREAD };

	for (size_t i = 0; i < map_count; i++) {
		if (!may_have_blocks(&maps[i]))
			continue;
		for (uint64_t at = maps[i].start & ~(WIRE_NEAR_BYTES - 1ULL); at < maps[i].end;
		     at += WIRE_NEAR_BYTES)
			for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
				if (!add_near(list, buckets, bucket_count, kinds[k], at))
					return false;
	}
	return true;
}

int live_blocks_read(struct live_blocks *live, struct tracer *tracer, uint32_t space,
		     const struct proc_map *maps, size_t map_count)
{
	struct list list = { .live = live, .space = space };
	size_t bucket_count;
	const struct wire_bucket *buckets = tracer_buckets(tracer, &bucket_count);

	*live = (struct live_blocks){ 0 };
	if (tracer_traces(tracer, WIRE_CUSTOM) || !has_small_space(maps, map_count, bucket_count) ||
	    !add_small_space(&list, buckets, bucket_count, maps, map_count)) {
		live->count = live->thread_count = 0;
		for (size_t i = 0; i < bucket_count; i++)
			add_bucket(&list, &buckets[i], ANY_KIND, 0, UINT64_MAX);
	}
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
