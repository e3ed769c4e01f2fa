/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/proc.h"
#include "wire.h"

struct layout {
	const struct layout_source *source;
	struct area *areas;
	size_t count;
	uint64_t break_start;
	int error;
};

/* ---- mappings ---------------------------------------------------------------------- */

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* Devices have memory that is none, and what the kernel lends holds no pointers. */
static bool is_memory(const struct proc_map *map)
{
	static const char *const none[] = { "[v", "anon_inode:", "socket:" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (starts_with(map->path, none[i]))
			return false;
	return map->readable &&
	       (!starts_with(map->path, "/dev/") || starts_with(map->path, "/dev/zero") ||
		starts_with(map->path, "/dev/shm/"));
}

static bool same_file(const struct proc_map *a, const struct proc_map *b)
{
	return a->inode && a->inode == b->inode && a->device == b->device;
}

/* A part of a module's data that is written by the dynamic linker alone, before or beside it. */
static bool is_relocated(const struct layout_source *source, size_t index)
{
	const struct proc_map *map = &source->maps[index];
	const struct proc_map *next = index + 1 < source->map_count ? map + 1 : NULL;

	if (map->writable || map->executable || !map->inode || !index)
		return false;
	if (next && same_file(map, next))
		return next->writable;
	return same_file(map, map - 1);
}

static bool is_linker(const struct proc_map *map)
{
	const char *slash = strrchr(map->path, '/');

	return slash && (starts_with(slash, "/ld-") || starts_with(slash, "/ld."));
}

/* The data of the module that a mapping is of: its file's, or what follows that without one. */
static const struct proc_map *module_of(const struct layout_source *source, size_t index)
{
	const struct proc_map *map = &source->maps[index];

	if (map->inode)
		return map;
	if (index && !map->path[0] && map[-1].inode && map[-1].writable &&
	    map[-1].end == map->start)
		return map - 1;
	return NULL;
}

/* ---- stacks ------------------------------------------------------------------------ */

static bool has_guard(const struct layout_source *source, size_t index)
{
	const struct proc_map *map = &source->maps[index];

	return index && !map->inode && map[-1].end == map->start && !map[-1].readable &&
	       !map[-1].writable && !map[-1].inode;
}

/* The lowest stack pointer in [start, end); `end` when there is none. */
static uint64_t lowest_stack_pointer(const struct layout_source *source, uint64_t start,
				     uint64_t end)
{
	uint64_t lowest = end;

	for (size_t i = 0; i < source->thread_count; i++) {
		uint64_t sp = source->threads[i].registers.sp;

		if (sp >= start && sp < lowest)
			lowest = sp;
	}
	return lowest;
}

static bool has_thread_pointer(const struct layout_source *source, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < source->thread_count; i++)
		if (source->threads[i].thread_pointer - start < end - start)
			return true;
	return false;
}

/* ---- areas ------------------------------------------------------------------------- */

static void add_area(struct layout *layout, const struct area *like, uint64_t start, uint64_t end,
		     enum graph_outside outside)
{
	struct area *area;

	if (start >= end)
		return;
	area = array_add(&layout->areas, &layout->count, sizeof(*area));
	if (!area) {
		layout->error = -ENOMEM;
		return;
	}
	*area = *like;
	area->is_break = like->is_break && start == layout->break_start;
	area->start = start;
	area->end = end;
	area->outside = outside;
}

/* A thread's stack: what is in use of it. */
static void add_stack(struct layout *layout, const struct area *like, uint64_t start, uint64_t end)
{
	uint64_t sp = lowest_stack_pointer(layout->source, start, end);
	uint64_t used = sp & ~7ULL;
	struct area area = *like;

	if (sp == end) {
		/* The thread is elsewhere now, on a stack of another kind; or it has ended. */
		area.may_be_stack = !has_thread_pointer(layout->source, start, end);
		add_area(layout, &area, start, end, like->outside);
		return;
	}
	add_area(layout, like, start, used, OUTSIDE_NOTHING);
	add_area(layout, like, used, end, like->outside);
}

/* What no system call of ours is known to have made. */
static void add_unknown(struct layout *layout, const struct area *like, size_t index,
			uint64_t start, uint64_t end)
{
	const struct layout_source *source = layout->source;
	const struct proc_map *map = &source->maps[index];
	bool is_stack = !strcmp(map->path, "[stack]");
	bool is_guarded = has_guard(source, index) && map->start == start;
	uint64_t left = source->left_stack & ~7ULL;

	if (is_stack && left > start && left < end) {
		add_area(layout, like, start, left, OUTSIDE_NOTHING);
		start = left;
	}

	if (is_guarded || (is_stack && lowest_stack_pointer(source, start, end) < end))
		add_stack(layout, like, start, end);
	else
		add_area(layout, like, start, end, like->outside);
}

static void add_known(struct layout *layout, const struct area *like, enum role role, size_t index,
		      uint64_t start, uint64_t end)
{
	switch (role) {
	case ROLE_ALLOCATOR:
		add_area(layout, like, start, end,
			 layout->source->is_late ? like->outside : OUTSIDE_NOTHING);
		break;
	case ROLE_THREAD_STACK:
		add_stack(layout, like, start, end);
		break;
	default:
		add_unknown(layout, like, index, start, end);
	}
}

static void add_map(struct layout *layout, size_t index, size_t *range)
{
	const struct layout_source *source = layout->source;
	const struct proc_map *map = &source->maps[index];
	const struct proc_map *module = module_of(source, index);
	const struct area like = {
		.outside = module && is_linker(module) ? OUTSIDE_STARTS : OUTSIDE_ROOT,
		.map_end = map->end,
		.is_module = module,
		.is_shared = map->shared,
		.is_break = !strcmp(map->path, "[heap]"),
	};
	uint64_t start = map->start;

	if (!is_memory(map) || !(map->writable || is_relocated(source, index)))
		return;
	if (like.is_break)
		layout->break_start = start;
	while (*range < source->range_count && source->ranges[*range].end <= start)
		++*range;
	for (size_t i = *range; i < source->range_count && start < map->end; i++) {
		const struct space_range *known = &source->ranges[i];
		uint64_t first = known->start > start ? known->start : start;
		uint64_t last = known->end < map->end ? known->end : map->end;

		if (first >= map->end)
			break;
		add_unknown(layout, &like, index, start, first);
		if (last > first)
			add_known(layout, &like, known->role, index, first, last);
		start = last > first ? last : first;
	}
	if (start < map->end)
		add_unknown(layout, &like, index, start, map->end);
}

int layout_make(const struct layout_source *source, struct area **areas, size_t *count)
{
	struct layout layout = { .source = source };
	size_t range = 0;

	for (size_t i = 0; i < source->map_count; i++)
		add_map(&layout, i, &range);
	if (layout.error) {
		free(layout.areas);
		return layout.error;
	}
	*areas = layout.areas;
	*count = layout.count;
	return 0;
}
