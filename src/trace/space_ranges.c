/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/space_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/modules.h"
#include "trace/space.h"
#include "util/array.h"

static void piece_forgotten(const struct range *piece, void *context)
{
	(void)piece;
	(void)context;
}

int space_break_event(struct ranges *breaks, const struct wire_event_map *event)
{
	bool grows = event->start > event->old_start;
	struct range range = {
		.start = grows ? event->old_start : event->start,
		.end = grows ? event->start : event->old_start,
		.owner = space_mapping_role(event),
	};
	int error = ranges_cut(breaks, range.start, range.end, piece_forgotten, NULL);

	return error || !grows ? error : ranges_put(breaks, &range);
}

struct listing {
	const struct processes *processes;
	struct modules *modules;
	const struct space *space;
	struct space_range *ranges;
	size_t count;
	int error;
};

static void add_range(struct listing *listing, const struct range *range, enum role role)
{
	struct space_range *slot = array_add(&listing->ranges, &listing->count, sizeof(*slot));

	if (slot)
		*slot = (struct space_range){ range->start, range->end, role };
	else
		listing->error = -ENOMEM;
}

static const struct mapping *mapping_of(const struct process *process, uint64_t address)
{
	for (size_t i = 0; i < process->mapping_count; i++)
		if (address - process->mappings[i].start <
		    process->mappings[i].end - process->mappings[i].start)
			return &process->mappings[i];
	return NULL;
}

static bool is_allocator(const struct listing *listing, const struct mapping *mapping)
{
	const struct module *module =
		modules_find(listing->modules, mapping->device, mapping->inode);

	return module && module_only_allocates(module);
}

/* The dynamic linker, which initialises it; the C library, which began its thread. */
static bool begins_others(const struct mapping *mapping)
{
	const char *slash = strrchr(mapping->path, '/');

	return slash && (!strncmp(slash, "/ld-", 4) || !strncmp(slash, "/libc.", 6) ||
			 !strncmp(slash, "/libc-", 6));
}

/*
 * An allocator's library maps memory also before its first call, and from threads of its
 * own. Some have an mmap(2) of their own as well, which the program calls.
 */
static bool is_called_by_allocator(const struct listing *listing, const struct book_site *site)
{
	const struct space_stack *stack = space_stack_of(listing->space, site->tag, site->check);
	const struct process *process = space_process(listing->processes, listing->space);
	bool inside = false;

	for (uint32_t i = 0; stack && i < stack->depth; i++) {
		const struct mapping *mapping = mapping_of(process, stack->ips[i]);

		if (!mapping)
			return false;
		if (!is_allocator(listing, mapping)) {
			if (inside)
				return begins_others(mapping);
			if (!begins_others(mapping))
				return false;
		} else {
			inside = true;
		}
	}
	return inside;
}

static void list_mapped(const struct range *range, const struct book_site *site, void *context)
{
	struct listing *listing = context;
	bool is_allocators = site->role == ROLE_HELD && is_called_by_allocator(listing, site);

	add_range(listing, range, is_allocators ? ROLE_ALLOCATOR : site->role);
}

static int compare_ranges(const void *left, const void *right)
{
	const struct space_range *a = left, *b = right;

	return (a->start > b->start) - (a->start < b->start);
}

int processes_ranges(const struct processes *processes, struct modules *modules, uint32_t number,
		     struct space_range **ranges, size_t *count)
{
	struct listing listing = {
		.processes = processes,
		.modules = modules,
		.space = space_find(processes, number),
	};
	const struct range *range;

	*ranges = NULL;
	*count = 0;
	if (!listing.space || !listing.space->mappings)
		return 0;
	space_mappings_each_range(listing.space->mappings, list_mapped, &listing);
	for (uint64_t address = 0; (range = ranges_next(listing.space->breaks, address));
	     address = range->end)
		add_range(&listing, range, (enum role)range->owner);
	if (listing.error) {
		free(listing.ranges);
		return listing.error;
	}
	if (listing.count)
		qsort(listing.ranges, listing.count, sizeof(*listing.ranges), compare_ranges);
	*ranges = listing.ranges;
	*count = listing.count;
	return 0;
}
