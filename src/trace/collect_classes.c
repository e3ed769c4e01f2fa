/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a look into a process's memory adds to the collection: each block's class, by
 * which a call site is split into parts, and which lost blocks hold which others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/collect.h"

static const enum leak_class class_of[REACH_CLASSES] = {
	[REACH_DEFINITE] = CLASS_DEFINITE,
	[REACH_INDIRECT] = CLASS_INDIRECT,
	[REACH_POSSIBLE] = CLASS_POSSIBLE,
	[REACH_REACHABLE] = CLASS_REACHABLE,
};

static bool begin(struct collection *collection, struct space *space)
{
	size_t bytes = ((size_t)graph_count(space->graph) + 1) * sizeof(*space->block_sites);

	if (space->block_sites)
		return true;
	space->block_sites = malloc(bytes);
	if (space->block_sites)
		memset(space->block_sites, 0xff, bytes);
	else
		collection->error = -ENOMEM;
	return space->block_sites;
}

uint32_t collect_classify(struct collection *collection, struct space *space, uint32_t site,
			  const struct resource *resource)
{
	uint32_t number = graph_find(space->graph, resource->id), index;

	/* What was acquired since is none of what was looked at. */
	if (number == NO_BLOCK ||
	    collection->processes->start_ns + resource->born_ns >= space->graph_ns)
		return site;
	if (!begin(collection, space))
		return NO_SITE;
	index = collect_add_part(collection, space, site, ROLE_HELD,
				 class_of[graph_result(space->graph, number).class]);
	/* A handle in a heap block has its class, and leaves it its site. */
	if (space_process(collection->processes, space)->sites[site].kind == KIND_HEAP ||
	    space->block_sites[number] == NO_SITE)
		space->block_sites[number] = index;
	return index;
}

/* ---- counters ---------------------------------------------------------------------- */

static struct site *part_of(struct collection *collection, struct space *space,
			    const struct site *site, enum leak_class leak_class)
{
	struct space_site_key key = { site->stack, site->scope, site->round,
				      site->kind,  ROLE_HELD,	leak_class };
	struct space_site *entry;

	HASH_FIND(hh, space->sites, &key, sizeof(key), entry);
	return entry ? &space_process(collection->processes, space)->sites[entry->index] : NULL;
}

static void take_live(struct site *from, struct site *part)
{
	uint64_t count = part->live_count, bytes = part->live_bytes;

	part->acquired_count += count;
	part->acquired_bytes += bytes;
	from->acquired_count -= count;
	from->acquired_bytes -= bytes;
	for (size_t i = 0; i < part->live_count; i++)
		collect_widen(part, part->live[i].born_ns, part->live[i].born_ns);
}

/* What a call site has acquired and released is told with its worst part. */
static void take_rest(struct site *from, struct site *part)
{
	part->acquired_count += from->acquired_count;
	part->acquired_bytes += from->acquired_bytes;
	part->released_count += from->released_count;
	part->released_bytes += from->released_bytes;
	part->lost_count += from->lost_count;
	collect_widen(part, from->first_ns, from->last_ns);
	from->acquired_count = from->acquired_bytes = 0;
	from->released_count = from->released_bytes = 0;
	from->lost_count = 0;
}

static void settle_site(struct collection *collection, struct space *space, struct site *site)
{
	struct site *worst = NULL;

	for (int leak_class = 0; leak_class < CLASS_UNCLASSIFIED; leak_class++) {
		struct site *part = part_of(collection, space, site, (enum leak_class)leak_class);

		if (!part)
			continue;
		take_live(site, part);
		if (!worst)
			worst = part;
	}
	if (worst && !site->live_count)
		take_rest(site, worst);
}

/* ---- lost blocks that hold others -------------------------------------------------- */

struct hold_key {
	uint32_t holder;
	uint32_t site;
};

struct hold {
	struct hold_key key;
	uint64_t count;
	uint64_t bytes;
	UT_hash_handle hh;
};

static bool add_hold(struct hold **holds, const struct hold_key *key, uint64_t bytes)
{
	struct hold *hold;

	HASH_FIND(hh, *holds, key, sizeof(*key), hold);
	if (!hold) {
		hold = calloc(1, sizeof(*hold));
		if (!hold)
			return false;
		hold->key = *key;
		HASH_ADD(hh, *holds, key, sizeof(hold->key), hold);
		if (!hash_has(hold)) {
			free(hold);
			return false;
		}
	}
	hold->count++;
	hold->bytes += bytes;
	return true;
}

/* Sites by block were noted as the blocks came by; who holds whom is known by block. */
static struct hold *find_holds(struct collection *collection, const struct space *space)
{
	const struct process *process = space_process(collection->processes, space);
	struct hold *holds = NULL;

	for (size_t i = 0; i < process->site_count; i++) {
		const struct site *site = &process->sites[i];

		if (site->leak_class != CLASS_INDIRECT || site->kind != KIND_HEAP)
			continue;
		for (size_t j = 0; j < site->live_count; j++) {
			uint32_t number = graph_find(space->graph, site->live[j].id);
			uint32_t leader = graph_result(space->graph, number).leader;
			struct hold_key key = { space->block_sites[leader], (uint32_t)i };

			/* It may have been given back since. */
			if (key.holder != NO_SITE && !add_hold(&holds, &key, site->live[j].size))
				collection->error = -ENOMEM;
		}
	}
	return holds;
}

static int compare_held(const void *left, const void *right)
{
	const struct held *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes < b->bytes ? 1 : -1;
	return (a->site > b->site) - (a->site < b->site);
}

static void settle_holds(struct collection *collection, const struct space *space)
{
	struct process *process = space_process(collection->processes, space);
	struct hold *holds = find_holds(collection, space), *hold, *next;

	HASH_ITER(hh, holds, hold, next)
	{
		struct held *held = site_add_held(&process->sites[hold->key.holder]);

		if (held)
			*held = (struct held){ hold->key.site, hold->count, hold->bytes };
		else
			collection->error = -ENOMEM;
		HASH_DEL(holds, hold);
		free(hold);
	}
	for (size_t i = 0; i < process->site_count; i++) {
		struct site *site = &process->sites[i];

		if (site->held_count > 1)
			qsort(site->held, site->held_count, sizeof(*site->held), compare_held);
	}
}

void collect_settle_classes(struct collection *collection, struct space *space)
{
	struct process *process = space_process(collection->processes, space);

	if (!space->block_sites)
		return;
	for (size_t i = 0; i < process->site_count; i++)
		if (process->sites[i].leak_class == CLASS_UNCLASSIFIED &&
		    process->sites[i].role == ROLE_HELD)
			settle_site(collection, space, &process->sites[i]);
	settle_holds(collection, space);
	free(space->block_sites);
	space->block_sites = NULL;
}
