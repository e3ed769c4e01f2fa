/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the kernel's tables to the snapshot. One pass over the sites, one over
 * the live resources; the tables may change meanwhile, a record is taken as it
 * is when we come by.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/processes.h"
#include "trace/space.h"
#include "trace/tracer.h"

#define FILL_SAMPLES 1000

/* Where a line of the site table goes: a site of a process, by indices. */
struct line_target {
	struct space *space;
	uint32_t site;
};

struct collection {
	struct processes *processes;
	struct space **by_number; /* WIRE_SPACES */
	struct line_target *lines;
	size_t line_count;
	uint64_t live_count; /* by the sites' counters */
	int error;
};

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
};

_Static_assert(WIRE_CUT_STACKS_LAST == WIRE_CUT_STACKS + 5, "a row for each end of a stack");
_Static_assert((int)KIND_COUNT == (int)WIRE_KINDS, "model and wire have the same kinds");

static uint64_t ticks_to_ns(uint32_t ticks)
{
	return (uint64_t)ticks << WIRE_TICK_SHIFT;
}

static void clear_sites(struct processes *processes, struct space *space)
{
	struct process *process = space_process(processes, space);
	struct space_stack *stack, *next;

	for (size_t i = 0; i < process->site_count; i++)
		free(process->sites[i].live);
	free(process->sites);
	process->sites = NULL;
	process->site_count = 0;
	for (int kind = 0; kind < KIND_COUNT; kind++)
		space->site_without_stack[kind] = NO_SITE;
	HASH_ITER(hh, space->stacks, stack, next)
	for (int kind = 0; kind < KIND_COUNT; kind++)
		stack->site[kind] = NO_SITE;
}

static uint32_t add_site(struct collection *collection, struct space *space,
			 struct space_stack *stack, uint32_t kind)
{
	uint32_t *slot = stack ? &stack->site[kind] : &space->site_without_stack[kind];
	struct process *process = space_process(collection->processes, space);
	struct site *site;

	if (*slot != NO_SITE)
		return *slot;
	site = process_add_site(process);
	if (!site) {
		collection->error = -ENOMEM;
		return NO_SITE;
	}
	site->kind = (enum kind)kind;
	site->first_ns = UINT64_MAX;
	if (stack)
		site->stack = stack->index;
	*slot = process->site_count - 1;
	return *slot;
}

static struct space_stack *stack_of(struct space *space, const struct wire_site *line)
{
	struct stack_tag key = { .tag = line->tag, .check = line->check };
	struct space_tag *tag;

	HASH_FIND(hh, space->tags, &key, sizeof(key), tag);
	return tag ? tag->stack : NULL;
}

static void collect_line(struct collection *collection, const struct wire_site *line, size_t index)
{
	struct line_target *target = &collection->lines[index];
	struct space *space;
	struct site *site;

	if (!(line->tag & WIRE_SITE_USED) || line->space >= WIRE_SPACES || line->kind >= KIND_COUNT)
		return;
	space = collection->by_number[line->space];
	if (!space)
		return;
	target->site = add_site(collection, space, stack_of(space, line), line->kind);
	if (target->site == NO_SITE)
		return;
	target->space = space;
	site = &space_process(collection->processes, space)->sites[target->site];
	site->acquired_count += line->acquired_count;
	site->acquired_bytes += line->acquired_bytes;
	site->released_count += line->released_count;
	site->released_bytes += line->released_bytes;
	site->lost_count += line->lost;
	collection->live_count += line->acquired_count - line->released_count;
	if (ticks_to_ns(line->first) < site->first_ns)
		site->first_ns = ticks_to_ns(line->first);
	if (ticks_to_ns(line->last) > site->last_ns)
		site->last_ns = ticks_to_ns(line->last);
}

static void collect_live(struct collection *collection, uint64_t id, const struct wire_live *value)
{
	struct line_target *target;
	struct resource *resource;
	struct site *site;

	if (value->site >= collection->line_count)
		return;
	target = &collection->lines[value->site];
	/* A site made after the pass over the sites: the next collection has it. */
	if (!target->space)
		return;
	site = &space_process(collection->processes, target->space)->sites[target->site];
	resource = site_add_resource(site);
	if (!resource) {
		collection->error = -ENOMEM;
		return;
	}
	resource->id = id;
	resource->size = value->size;
	resource->born_ns = ticks_to_ns(value->born);
	site->live_bytes += value->size;
}

static void collect_spilled(const struct wire_spill_key *key, const struct wire_live *value,
			    void *context)
{
	struct collection *collection = context;

	if (key->space < WIRE_SPACES && collection->by_number[key->space])
		collect_live(collection, key->id, value);
}

static void collect_bucket(struct collection *collection, const struct wire_bucket *bucket)
{
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++) {
		uint64_t key = __atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE);
		uint32_t space = (key & ~WIRE_KEY_BUSY) >> WIRE_KEY_SPACE_SHIFT;
		struct wire_live value;

		if (!key || (key & WIRE_KEY_BUSY) || space >= WIRE_SPACES ||
		    !collection->by_number[space])
			continue;
		value = bucket->values[i];
		/* Taken or exchanged while we read: the value may be another block's. */
		if (__atomic_load_n(&bucket->keys[i], __ATOMIC_ACQUIRE) != key)
			continue;
		collect_live(collection,
			     (key & ((1ULL << WIRE_KEY_SPACE_SHIFT) - 1)) << WIRE_KEY_ID_SHIFT,
			     &value);
	}
}

static void collect_space(struct collection *collection, struct space *space,
			  const struct tracer *tracer)
{
	const struct wire_space *totals = tracer_space(tracer, space->number);
	struct process *process = space_process(collection->processes, space);

	if (!totals)
		return;
	process->unmatched_releases = totals->unmatched_releases;
	process->totals[KIND_HEAP].peak_bytes = totals->peak_bytes > 0 ? totals->peak_bytes : 0;
	for (size_t i = 0; i < process->site_count; i++)
		if (process->sites[i].first_ns == UINT64_MAX)
			process->sites[i].first_ns = 0;
	process_sum_totals(process);
	/* Whatever could be seen of its mappings in time: it was measured. */
	if (process->site_count) {
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

static void collect_losses(const struct processes *processes, const struct tracer *tracer)
{
	struct snapshot *snapshot = processes->snapshot;
	uint64_t counters[WIRE_COUNTERS];

	tracer_counters(tracer, counters);
	for (int i = 0; i < WIRE_COUNTERS; i++)
		snapshot->losses[loss_of_counter[i]] = counters[i];
	snapshot->losses[LOSS_STACKS_FULL] = processes->lost_stacks;
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
		clear_sites(processes, space);
	}
	collect_tables(&collection, tracer);
	HASH_ITER(hh, processes->spaces, space, next)
	collect_space(&collection, space, tracer);
	free(collection.by_number);
	collect_losses(processes, tracer);
	processes->snapshot->duration_ns = now_ns - processes->start_ns;
	return collection.error ? collection.error : forget_ended(processes, tracer);
}
