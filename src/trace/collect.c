/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the kernel's tables to the snapshot. One pass over the sites, one over
 * the live resources; the tables may change meanwhile, a record is taken as it
 * is when we come by.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/collect.h"
#include "trace/processes.h"
#include "trace/space.h"
#include "trace/tracer.h"

#define FILL_SAMPLES 1000

/* Where the kernel's counters are in the model, and what its kinds are there. */
static const enum loss loss_of_counter[WIRE_COUNTERS] = {
	[WIRE_LOST_LIVE] = LOSS_LIVE,
	[WIRE_LOST_SITES] = LOSS_SITES,
	[WIRE_LOST_EVENTS] = LOSS_EVENTS,
	[WIRE_LOST_THREADS] = LOSS_THREADS,
	[WIRE_LOST_SPACES] = LOSS_SPACES,
	[WIRE_LOST_CALLS] = LOSS_CALLS,
	[WIRE_MISSED_RELEASES] = LOSS_MISSED_RELEASES,
	[WIRE_ABANDONED_CALLS] = LOSS_ABANDONED_CALLS,
	[WIRE_UNMATCHED_RELEASES] = LOSS_UNMATCHED_RELEASES,
	[WIRE_CUT_STACKS + 0] = LOSS_STACKS_TOO_DEEP,
	[WIRE_CUT_STACKS + 1] = LOSS_STACKS_NO_MAPPING,
	[WIRE_CUT_STACKS + 2] = LOSS_STACKS_NO_RULE,
	[WIRE_CUT_STACKS + 3] = LOSS_STACKS_UNSUPPORTED,
	[WIRE_CUT_STACKS + 4] = LOSS_STACKS_UNREADABLE,
	[WIRE_CUT_STACKS + 5] = LOSS_STACKS_BACKWARDS,
	[WIRE_HUGE_REQUESTS] = LOSS_HUGE_REQUESTS,
	[WIRE_COLLISIONS] = LOSS_COLLISIONS,
	[WIRE_LOST_SCOPES] = LOSS_SCOPES,
};

_Static_assert(WIRE_CUT_STACKS_LAST == WIRE_CUT_STACKS + 5, "a row for each end of a stack");
_Static_assert((int)KIND_CUSTOM == (int)WIRE_CUSTOM && (int)KIND_MAX == (int)WIRE_KINDS,
	       "model and wire have the same kinds");

uint64_t collect_ticks_ns(uint32_t ticks)
{
	return (uint64_t)ticks << WIRE_TICK_SHIFT;
}

uint64_t collect_count(const struct snapshot *snapshot, const struct wire_site *line,
		       uint64_t count)
{
	const uint64_t half = 1u << (WIRE_SAMPLE_SHIFT - 1);

	return snapshot->sample_bytes && line->kind == WIRE_HEAP
		       ? (count + half) >> WIRE_SAMPLE_SHIFT
		       : count;
}

/* Returns the site's index, NO_SITE when out of memory. */
static uint32_t add_site(struct collection *collection, struct space *space,
			 const struct space_site_key *key)
{
	struct process *process = space_process(collection->processes, space);
	struct space_site *entry;
	struct site *site;

	HASH_FIND(hh, space->sites, key, sizeof(*key), entry);
	if (entry)
		return entry->index;
	entry = calloc(1, sizeof(*entry));
	site = entry ? process_add_site(process) : NULL;
	if (!site) {
		free(entry);
		collection->error = -ENOMEM;
		return NO_SITE;
	}
	site->kind = (enum kind)key->kind;
	site->role = (enum role)key->role;
	site->leak_class = (enum leak_class)key->leak_class;
	site->first_ns = UINT64_MAX;
	site->stack = key->stack;
	site->scope = key->scope;
	site->round = key->round;
	entry->key = *key;
	entry->index = process->site_count - 1;
	HASH_ADD(hh, space->sites, key, sizeof(entry->key), entry);
	if (!hash_has(entry)) {
		free(entry);
		collection->error = -ENOMEM;
		return NO_SITE;
	}
	return entry->index;
}

uint32_t collect_add_site(struct collection *collection, struct space *space,
			  const struct space_tag *tag, uint32_t kind, enum role role)
{
	struct space_site_key key = {
		.stack = tag ? tag->stack->index : SITE_NO_STACK,
		.scope = SITE_NO_SCOPE,
		.kind = kind,
		.role = role,
		.leak_class = CLASS_UNCLASSIFIED,
	};

	if (tag && tag->scope)
		key.scope =
			space_scope_index(space_process(collection->processes, space), tag->scope);
	if (key.scope != SITE_NO_SCOPE)
		key.round = tag->scope & ((1u << WIRE_SCOPE_ROUND_BITS) - 1);

	return add_site(collection, space, &key);
}

uint32_t collect_add_part(struct collection *collection, struct space *space, uint32_t index,
			  enum role role, enum leak_class leak_class)
{
	const struct site *site = &space_process(collection->processes, space)->sites[index];
	struct space_site_key key = { site->stack, site->scope, site->round,
				      site->kind,  role,	leak_class };

	return add_site(collection, space, &key);
}

void collect_widen(struct site *site, uint64_t first_ns, uint64_t last_ns)
{
	if (first_ns < site->first_ns)
		site->first_ns = first_ns;
	if (last_ns > site->last_ns)
		site->last_ns = last_ns;
}

static void collect_line(struct collection *collection, const struct wire_site *line, size_t index)
{
	const struct snapshot *snapshot = collection->processes->snapshot;
	struct line_target *target = &collection->lines[index];
	struct space *space;
	struct site *site;

	/* Mappings and pages have books of their own. */
	if (!(line->tag & WIRE_SITE_USED) || line->space >= WIRE_SPACES ||
	    line->kind >= snapshot->kind_count || !snapshot->traced[line->kind] ||
	    line->kind == WIRE_MMAP || line->kind == WIRE_PAGES)
		return;
	space = collection->by_number[line->space];
	if (!space)
		return;
	target->site =
		collect_add_site(collection, space, space_tag_of(space, line->tag, line->check),
				 line->kind, ROLE_HELD);
	if (target->site == NO_SITE)
		return;
	target->space = space;
	site = &space_process(collection->processes, space)->sites[target->site];
	site->acquired_count += collect_count(snapshot, line, line->acquired_count);
	site->acquired_bytes += line->acquired_bytes;
	site->released_count += collect_count(snapshot, line, line->released_count);
	site->released_bytes += line->released_bytes;
	site->lost_count += line->lost;
	collection->live_count += line->acquired_count - line->released_count;
	collect_widen(site, collect_ticks_ns(line->first), collect_ticks_ns(line->last));
}

struct resource *collect_add_resource(struct collection *collection, struct site *site,
				      const struct resource *resource)
{
	struct resource *slot = site_add_resource(site);

	if (!slot) {
		collection->error = -ENOMEM;
		return NULL;
	}
	*slot = *resource;
	site->live_bytes += resource->size;
	return slot;
}

/* The site of the same stack for resources of another role; one acquisition goes over to it. */
static struct site *move_acquisition(struct collection *collection,
				     const struct line_target *target, enum role role,
				     const struct resource *resource)
{
	struct process *process = space_process(collection->processes, target->space);
	uint32_t index =
		collect_add_part(collection, target->space, target->site, role, CLASS_UNCLASSIFIED);
	struct site *from, *to;

	if (index == NO_SITE)
		return NULL;
	from = &process->sites[target->site];
	to = &process->sites[index];
	from->acquired_count--;
	from->acquired_bytes -= resource->size;
	to->acquired_count++;
	to->acquired_bytes += resource->size;
	collect_widen(to, resource->born_ns, resource->born_ns);
	return to;
}

static struct site *classified(struct collection *collection, const struct line_target *target,
			       const struct resource *resource)
{
	uint32_t index = collect_classify(collection, target->space, target->site, resource);

	return index == NO_SITE
		       ? NULL
		       : &space_process(collection->processes, target->space)->sites[index];
}

static void collect_live(struct collection *collection, uint64_t id, const struct wire_live *value)
{
	struct resource resource = {
		.id = id,
		.size = value->size,
		.born_ns = collect_ticks_ns(value->born),
	};
	struct line_target *target;
	enum role role = ROLE_HELD;
	struct site *site;

	if (value->site >= collection->line_count)
		return;
	target = &collection->lines[value->site];
	/* A site made after the pass over the sites: the next collection has it. */
	if (!target->space)
		return;
	site = &space_process(collection->processes, target->space)->sites[target->site];
	if (site->kind == KIND_FD && collect_is_stale(collection, target->space, &resource)) {
		site->released_count++;
		collection->unseen_closes++;
		return;
	}
	if (site->kind == KIND_FD)
		role = collect_describe_fd(target->space, &resource);
	else if (site->kind == KIND_THREAD)
		role = collect_describe_thread(collection, target->space, &resource);
	if (role != ROLE_HELD)
		site = move_acquisition(collection, target, role, &resource);
	else if (target->space->graph)
		site = classified(collection, target, &resource);
	if (site)
		collect_add_resource(collection, site, &resource);
}

static void collect_spilled(const struct wire_spill_key *key, const struct wire_live *value,
			    void *context)
{
	struct collection *collection = context;

	if (key->space < WIRE_SPACES && collection->by_number[key->space])
		collect_live(collection, key->id, value);
}

uint64_t collect_id_of_key(uint64_t key)
{
	uint64_t id = key & WIRE_KEY_ID_MASK;

	return (key >> WIRE_KEY_KIND_SHIFT & (WIRE_KEY_KINDS - 1)) == WIRE_FD
		       ? id
		       : id << WIRE_KEY_ID_SHIFT;
}

static void collect_bucket(struct collection *collection, const struct wire_bucket *bucket)
{
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++) {
		uint64_t key = __atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE);
		uint32_t space = key >> WIRE_KEY_SPACE_SHIFT & WIRE_KEY_SPACE_MASK;
		struct wire_live value;

		if (!key || (key & WIRE_KEY_BUSY) || !collection->by_number[space])
			continue;
		value = bucket->values[i];
		/* Taken or exchanged while we read: the value may be another block's. */
		if (__atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE) != key)
			continue;
		collect_live(collection, collect_id_of_key(key), &value);
	}
}

static void collect_space(struct collection *collection, struct space *space,
			  const struct tracer *tracer)
{
	const struct wire_space *totals = tracer_space(tracer, space->number);
	struct process *process = space_process(collection->processes, space);
	bool has_blocks = false;

	if (!totals)
		return;
	process->unmatched_releases = totals->unmatched_releases;
	process->brk_bytes = totals->brk_bytes;
	process->totals[KIND_HEAP].peak_bytes = totals->peak_bytes > 0 ? totals->peak_bytes : 0;
	collect_settle_classes(collection, space);
	collect_scopes(process, space, tracer);
	collect_files(collection, space);
	collect_threads(collection, space);
	collect_mappings(collection, space);
	collect_pages(collection, space);
	for (size_t i = 0; i < process->site_count; i++) {
		if (process->sites[i].first_ns == UINT64_MAX)
			process->sites[i].first_ns = 0;
		has_blocks |= process->sites[i].kind == KIND_HEAP;
	}
	process_sum_totals(process, collection->processes->snapshot->sample_bytes);
	/* Whatever could be seen of its mappings in time: it was measured. */
	if (has_blocks) {
		process->measured = true;
		process->unmeasured_reason = NULL;
	}
}

static void collect_tables(struct collection *collection, struct tracer *tracer)
{
	const struct wire_site *lines = tracer_sites(tracer, &collection->line_count);
	const struct wire_bucket *buckets;
	size_t bucket_count;

	collection->lines = calloc(collection->line_count, sizeof(*collection->lines));
	if (!collection->lines) {
		collection->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < collection->line_count; i++)
		if (lines[i].tag)
			collect_line(collection, &lines[i], i);
	/* Most of the memory to be read, for nothing when nothing is live. */
	buckets = tracer_buckets(tracer, &bucket_count);
	if (!collection->live_count)
		bucket_count = 0;
	for (size_t i = 0; i < bucket_count; i++)
		collect_bucket(collection, &buckets[i]);
	tracer_each_spilled(tracer, collect_spilled, collection);
	free(collection->lines);
}

void processes_read_losses(const struct processes *processes, const struct tracer *tracer)
{
	struct snapshot *snapshot = processes->snapshot;
	uint64_t counters[WIRE_COUNTERS];
	int error = tracer_counters(tracer, counters);

	for (int i = 0; i < WIRE_COUNTERS; i++)
		snapshot->losses[loss_of_counter[i]] = counters[i];
	/* Of counters that cannot be read one thing is known: not that nothing was lost. */
	snapshot->losses[LOSS_EVENTS] += processes->lost_events + !!error;
	snapshot->losses[LOSS_STACKS_FULL] = processes->lost_stacks;
	snapshot->losses[LOSS_UNSEEN_UNMAPS] = processes->unseen_unmaps;
}

/* What ended and was read is the snapshot's from now on. */
static int forget_ended(struct processes *processes, struct tracer *tracer)
{
	size_t count = 0, ended = processes->ended;
	struct space *space, *next;
	uint32_t *numbers;

	if (!ended)
		return 0;
	numbers = calloc(ended, sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	HASH_ITER(hh, processes->spaces, space, next)
	{
		if (!space->ended)
			continue;
		numbers[count++] = space->number;
		/* The number may be another's soon: its scopes are none of this one's. */
		for (size_t i = 0; i < space->scope_key_count; i++)
			tracer_forget_scope(tracer, &space->scope_keys[i]);
		space_drop(processes, space);
	}
	tracer_forget_spaces(tracer, numbers, count);
	free(numbers);
	return 0;
}

unsigned processes_fill_percent(const struct tracer *tracer)
{
	size_t line_count, bucket_count, lines_used = 0, keys_used = 0;
	const struct wire_site *lines = tracer_sites(tracer, &line_count);
	const struct wire_bucket *buckets = tracer_buckets(tracer, &bucket_count);

	/* Hashed, so any part is like the whole. */
	for (size_t i = 0; i < FILL_SAMPLES; i++) {
		const struct wire_bucket *bucket = &buckets[i * bucket_count / FILL_SAMPLES];

		lines_used += lines[i * line_count / FILL_SAMPLES].tag != 0;
		for (int slot = 0; slot < WIRE_BUCKET_KEYS; slot++)
			keys_used += bucket->keys[slot] != 0;
	}
	keys_used /= WIRE_BUCKET_KEYS;
	return (lines_used > keys_used ? lines_used : keys_used) * 100 / FILL_SAMPLES;
}

int processes_collect(struct processes *processes, struct tracer *tracer, uint64_t now_ns)
{
	struct collection collection = { .processes = processes };
	struct space *space, *next;

	collection.by_number = calloc(WIRE_SPACES, sizeof(struct space *));
	if (!collection.by_number)
		return -ENOMEM;
	HASH_ITER(hh, processes->spaces, space, next)
	{
		collection.by_number[space->number] = space;
		space_clear_sites(processes, space);
		collect_check_mappings(processes, space);
	}
	collect_tables(&collection, tracer);
	HASH_ITER(hh, processes->spaces, space, next)
	collect_space(&collection, space, tracer);
	free(collection.by_number);
	processes_read_losses(processes, tracer);
	processes->snapshot->losses[LOSS_UNSEEN_OPENS] = collection.unseen_opens;
	processes->snapshot->losses[LOSS_UNSEEN_CLOSES] = collection.unseen_closes;
	processes->snapshot->duration_ns = now_ns - processes->start_ns;
	return collection.error ? collection.error : forget_ended(processes, tracer);
}
