/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns a space's stacks, and the index of its sites in the collection under way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/space.h"

static void clear_site_index(struct space *space)
{
	struct space_site *site, *next;

	HASH_ITER(hh, space->sites, site, next)
	{
		HASH_DEL(space->sites, site);
		free(site);
	}
}

void space_clear_sites(struct processes *processes, struct space *space)
{
	struct process *process = space_process(processes, space);

	clear_site_index(space);
	for (size_t i = 0; i < process->site_count; i++)
		site_clear(&process->sites[i]);
	free(process->sites);
	process->sites = NULL;
	process->site_count = 0;
}

void space_clear_stacks(struct space *space)
{
	struct space_stack *stack, *next_stack;
	struct space_tag *tag, *next_tag;

	HASH_ITER(hh, space->tags, tag, next_tag)
	{
		HASH_DEL(space->tags, tag);
		free(tag);
	}
	HASH_ITER(hh, space->stacks, stack, next_stack)
	{
		HASH_DEL(space->stacks, stack);
		free(stack);
	}
	clear_site_index(space);
}

const struct space_tag *space_tag_of(const struct space *space, uint64_t tag, uint32_t check)
{
	struct stack_tag key = { .tag = tag, .check = check };
	struct space_tag *found;

	HASH_FIND(hh, space->tags, &key, sizeof(key), found);
	return found;
}

struct space_stack *space_stack_of(const struct space *space, uint64_t tag, uint32_t check)
{
	const struct space_tag *found = space_tag_of(space, tag, check);

	return found ? found->stack : NULL;
}

static size_t frames_bytes(const struct wire_event_stack *event)
{
	return event->depth * sizeof(event->frames[0]);
}

/* The frames, and before them the generation: the same addresses may be other code. */
static size_t key_bytes(const struct wire_event_stack *event)
{
	return sizeof(event->generation) + frames_bytes(event);
}

static struct space_stack *find_stack(const struct space *space,
				      const struct wire_event_stack *event)
{
	struct space_stack *entry;

	HASH_FIND(hh, space->stacks, &event->generation, key_bytes(event), entry);
	return entry;
}

static struct space_stack *add_stack(struct processes *processes, struct space *space,
				     const struct wire_event_stack *event)
{
	size_t bytes = frames_bytes(event);
	struct process *process = space_process(processes, space);
	struct space_stack *entry;
	struct stack *stack;

	entry = malloc(sizeof(*entry) + bytes);
	if (!entry)
		return NULL;
	stack = process_add_stack(process, event->frames, event->depth);
	if (!stack) {
		free(entry);
		return NULL;
	}
	stack->truncated = wire_stack_is_cut(event->end);
	entry->index = process->stack_count - 1;
	entry->depth = event->depth;
	entry->generation = event->generation;
	stack->generation = event->generation;
	memcpy(entry->ips, event->frames, bytes);
	HASH_ADD_KEYPTR(hh, space->stacks, &entry->generation, key_bytes(event), entry);
	if (!hash_has(entry)) {
		free(entry);
		return NULL;
	}
	processes->stacks++;
	return entry;
}

int processes_add_stack(struct processes *processes, const struct wire_event_stack *event)
{
	struct space *space = space_find(processes, event->head.space);
	struct stack_tag key = { .tag = event->tag, .check = event->check };
	struct space_stack *stack;
	struct space_tag *tag;

	if (!space || event->depth > WIRE_MAX_FRAMES)
		return 0;
	HASH_FIND(hh, space->tags, &key, sizeof(key), tag);
	if (tag)
		return 0;
	stack = find_stack(space, event);
	if (!stack && processes->stacks >= processes->max_stacks) {
		processes->lost_stacks++;
		return 0;
	}
	tag = calloc(1, sizeof(*tag));
	if (!tag)
		return -ENOMEM;
	tag->key = key;
	tag->scope = event->scope;
	tag->stack = stack ? stack : add_stack(processes, space, event);
	if (!tag->stack) {
		free(tag);
		return -ENOMEM;
	}
	HASH_ADD(hh, space->tags, key, sizeof(tag->key), tag);
	if (!hash_has(tag)) {
		free(tag);
		return -ENOMEM;
	}
	return 0;
}
