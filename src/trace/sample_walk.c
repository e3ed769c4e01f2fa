/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The look at single resources, slice by slice: the oldest of each site, and the
 * detail of those in focus. A resource that comes or goes meanwhile may be in it or
 * not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/collect.h"
#include "trace/sampler_state.h"
#include "trace/tracer.h"
#include "util/clock.h"

#define BUCKETS_PER_TURN 1024

void sample_walk_clear(struct sample_walk *walk)
{
	free(walk->oldest);
	free(walk->focus);
	*walk = (struct sample_walk){ 0 };
}

static void see(struct sampler *sampler, uint32_t place, const struct detail_resource *resource)
{
	struct sample_walk *walk = &sampler->walk;

	if (place >= walk->oldest_count)
		return;
	/* 0 stands for "not known". */
	if (!walk->oldest[place] || resource->born_ns < walk->oldest[place])
		walk->oldest[place] = resource->born_ns ? resource->born_ns : 1;
	if (walk->target && place < walk->focus_count && walk->focus[place])
		site_detail_add(&walk->detail, resource);
}

/* A thread that is somebody's to join. */
static void see_thread(struct sampler *sampler, uint32_t space_number, uint64_t handle)
{
	const struct space *space = sampler->by_number[space_number % WIRE_SPACES];
	struct space_task *task = space ? space_tasks_find(&space->tasks, handle) : NULL;

	if (task)
		task->looked = sampler->walk.number;
}

static void see_value(struct sampler *sampler, const struct wire_spill_key *key,
		      const struct wire_live *value)
{
	struct detail_resource resource = {
		.id = key->id,
		.size = value->size,
		.born_ns = collect_ticks_ns(value->born),
	};

	if (key->kind == WIRE_THREAD)
		see_thread(sampler, key->space, key->id);

	if (value->site < sampler->line_count)
		see(sampler,
		    sampler_line_place(sampler, value->site, sampler->lines[value->site].tag),
		    &resource);
}

static void see_bucket(struct sampler *sampler, const struct wire_bucket *bucket)
{
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++) {
		uint64_t key = __atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE);
		struct wire_spill_key whole;
		struct wire_live value;

		if (!key || (key & WIRE_KEY_BUSY))
			continue;
		value = bucket->values[i];
		if (__atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE) != key)
			continue;
		whole = (struct wire_spill_key){
			.id = collect_id_of_key(key),
			.space = key >> WIRE_KEY_SPACE_SHIFT & WIRE_KEY_SPACE_MASK,
			.kind = key >> WIRE_KEY_KIND_SHIFT & (WIRE_KEY_KINDS - 1),
		};
		see_value(sampler, &whole, &value);
	}
}

static void see_spilled(const struct wire_spill_key *key, const struct wire_live *value,
			void *context)
{
	see_value(context, key, value);
}

struct book_look {
	struct sampler *sampler;
	const struct space *space;
};

static void see_mapping(const struct live_mapping *mapping, void *context)
{
	const struct book_look *look = context;
	struct sampler *sampler = look->sampler;
	struct detail_resource resource = {
		.id = mapping->start,
		.size = mapping->bytes,
		.born_ns = mapping->born_ns - sampler->processes->start_ns,
	};
	const struct book_site *line;
	size_t count;

	line = &space_mappings_sites(look->space->mappings, &count)[mapping->site];
	if (line->role != ROLE_HELD)
		return;
	see(sampler, sampler_place_of(sampler, look->space, line->tag, line->check, WIRE_MMAP),
	    &resource);
}

static void see_page(const struct touched_page *page, void *context)
{
	const struct book_look *look = context;
	struct sampler *sampler = look->sampler;
	struct detail_resource resource = {
		.id = page->address,
		.size = page->pages << WIRE_PAGE_SHIFT,
		.born_ns = page->born_ns - sampler->processes->start_ns,
	};
	const struct book_site *line;
	size_t count;

	line = &space_pages_sites(look->space->pages, &count)[page->site];
	see(sampler, sampler_place_of(sampler, look->space, line->tag, line->check, WIRE_PAGES),
	    &resource);
}

/* A look begins: with room for the sites that there are now. */
static bool begin(struct sampler *sampler)
{
	struct sample_walk *walk = &sampler->walk;
	uint64_t *oldest = calloc(sampler->site_count + 1, sizeof(*oldest));

	if (!oldest)
		return false;
	free(walk->oldest);
	walk->oldest = oldest;
	walk->oldest_count = sampler->site_count;
	walk->number++;
	walk->begin_ns = monotonic_ns();
	walk->detail = (struct site_detail){
		.time_ns = monotonic_ns() - sampler->processes->start_ns,
	};
	return true;
}

static void end(struct sampler *sampler)
{
	struct sample_walk *walk = &sampler->walk;
	struct space *space, *next;

	tracer_each_spilled(sampler->tracer, see_spilled, sampler);
	HASH_ITER(hh, sampler->processes->spaces, space, next)
	{
		struct book_look look = { sampler, space };

		if (!space->ended && space->mappings &&
		    sampler->processes->snapshot->traced[KIND_MMAP])
			space_mappings_each(space->mappings, see_mapping, &look);
		if (!space->ended && space->pages)
			space_pages_each(space->pages, see_page, &look);
	}
	for (size_t i = 0; i < walk->oldest_count; i++)
		if (sampler->sites[i].serial)
			sampler->sites[i].oldest_ns = walk->oldest[i];
	walk->next_bucket = 0;
	walk->last_number = walk->number;
	walk->last_begin_ns = walk->begin_ns;
	walk->detail.is_known = true;
	if (walk->target)
		*walk->target = walk->detail;
}

bool sampler_walk(struct sampler *sampler, uint64_t budget_ns)
{
	struct sample_walk *walk = &sampler->walk;
	uint64_t until_ns = monotonic_ns() + budget_ns;
	const struct wire_bucket *buckets;
	size_t count;

	if (!walk->next_bucket && !begin(sampler))
		return false;
	buckets = tracer_buckets(sampler->tracer, &count);
	do {
		size_t stop = walk->next_bucket + BUCKETS_PER_TURN;

		for (; walk->next_bucket < stop && walk->next_bucket < count; walk->next_bucket++)
			see_bucket(sampler, &buckets[walk->next_bucket]);
	} while (walk->next_bucket < count && monotonic_ns() < until_ns);
	if (walk->next_bucket < count)
		return false;
	end(sampler);
	return true;
}

int sampler_focus(struct sampler *sampler, const uint32_t *places, size_t count,
		  struct site_detail *detail)
{
	struct sample_walk *walk = &sampler->walk;

	free(walk->focus);
	walk->focus = NULL;
	walk->focus_count = 0;
	walk->target = NULL;
	walk->next_bucket = 0;
	if (!detail)
		return 0;
	*detail = (struct site_detail){ 0 };
	walk->focus = calloc(sampler->site_count + 1, 1);
	if (!walk->focus)
		return -ENOMEM;
	walk->focus_count = sampler->site_count;
	walk->target = detail;
	for (size_t i = 0; i < count; i++)
		if (places[i] < sampler->site_count)
			walk->focus[places[i]] = 1;
	return 0;
}
