/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each kind adds to the snapshot beside the kernel's tables: descriptors by the
 * walk over open files, threads by their ends, mappings by their own books.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/collect.h"
#include "util/clock.h"
#include "util/proc.h"
#include "util/strings.h"

/* A descriptor that was closed without our seeing it. */
bool collect_is_stale(const struct collection *collection, const struct space *space,
		      const struct resource *resource)
{
	uint64_t born_ns = collection->processes->start_ns + resource->born_ns;

	return space->files.walked_ns && resource->id < WIRE_FILES_DESCRIBED &&
	       !space_files_find(&space->files, resource->id) &&
	       born_ns + collect_ticks_ns(2) < space->files.walked_ns;
}

enum role collect_describe_fd(const struct space *space, struct resource *resource)
{
	const struct open_file *file = space_files_find(&space->files, resource->id);

	if (file)
		resource->name = file->name;
	return resource->id <= STDERR_FILENO ? ROLE_STANDARD : ROLE_HELD;
}

static void name_thread(struct collection *collection, const struct space *space,
			const struct space_task *task, struct resource *resource)
{
	char comm[16] = "";

	if (task)
		memcpy(comm, task->comm, sizeof(comm));
	if (!space->ended && (!task || task->state == WIRE_TASK_BEGAN))
		proc_thread_comm(space->pid, resource->id, comm);
	if (comm[0])
		resource->name = strings_intern(collection->processes->snapshot->strings, comm);
}

/* A handle is an address; a thread that no library made goes by its id. */
enum role collect_describe_thread(struct collection *collection, const struct space *space,
				  struct resource *resource)
{
	struct space_task *task = space_tasks_find(&space->tasks, resource->id);

	if (task) {
		resource->id = task->tid;
		task->is_reported = true;
	}
	name_thread(collection, space, task, resource);
	return task && task->state == WIRE_TASK_ENDED ? ROLE_UNJOINED : ROLE_RUNNING;
}

/* What is open though the space did not open it, or we did not see that it did. */
void collect_files(struct collection *collection, struct space *space)
{
	const enum role inherited = space->attached ? ROLE_BEFORE : ROLE_INHERITED;

	for (size_t i = 0; i < space->files.count; i++) {
		const struct open_file *file = &space->files.files[i];
		bool is_unseen = file->origin == WIRE_FD_UNSEEN;
		enum role role = file->fd <= STDERR_FILENO ? ROLE_STANDARD
				 : is_unseen		   ? ROLE_UNSEEN
							   : inherited;
		struct resource resource = { .id = file->fd, .name = file->name };
		struct process *process = space_process(collection->processes, space);
		uint32_t index;

		if (file->origin == WIRE_FD_LIVE ||
		    (is_unseen && !space->ended && file->walks < SPACE_FILES_WALKS))
			continue;
		index = collect_add_site(collection, space, NULL, KIND_FD, role);
		if (index == NO_SITE)
			return;
		collect_add_resource(collection, &process->sites[index], &resource);
		collection->unseen_opens += is_unseen;
	}
}

/* Threads that still run, detached or before the call that makes them has returned. */
void collect_threads(struct collection *collection, struct space *space)
{
	struct process *process = space_process(collection->processes, space);
	struct space_task *task, *next;

	HASH_ITER(hh, space->tasks.by_handle, task, next)
	{
		struct resource resource = {
			.id = task->tid,
			.born_ns = task->began_ns - collection->processes->start_ns,
		};
		uint32_t index;

		if (task->is_reported || task->state == WIRE_TASK_ENDED) {
			task->is_reported = false;
			continue;
		}
		index = collect_add_site(collection, space,
					 space_tag_of(space, task->tag, task->check), KIND_THREAD,
					 ROLE_RUNNING);
		if (index == NO_SITE)
			return;
		name_thread(collection, space, task, &resource);
		collect_add_resource(collection, &process->sites[index], &resource);
		process->sites[index].acquired_count++;
		collect_widen(&process->sites[index], resource.born_ns, resource.born_ns);
	}
}

/* Books that are kept on this side, of mappings and of pages. */
struct book_visit {
	struct collection *collection;
	struct space *space;
	uint32_t *sites; /* in the process, by number in the book */
};

static void collect_booked(const struct book_visit *visit, uint32_t number, uint64_t born_ns,
			   struct resource *resource)
{
	struct processes *processes = visit->collection->processes;
	uint32_t index = visit->sites[number];

	resource->born_ns = born_ns - processes->start_ns;
	if (index != NO_SITE)
		collect_add_resource(visit->collection,
				     &space_process(processes, visit->space)->sites[index],
				     resource);
}

static void collect_mapping(const struct live_mapping *mapping, void *context)
{
	struct resource resource = {
		.id = mapping->start,
		.size = mapping->bytes,
		.name = mapping->name,
	};

	collect_booked(context, mapping->site, mapping->born_ns, &resource);
}

static void collect_page(const struct touched_page *page, void *context)
{
	struct resource resource = {
		.id = page->address,
		.size = page->pages << WIRE_PAGE_SHIFT,
	};

	collect_booked(context, page->site, page->born_ns, &resource);
}

static uint32_t collect_book_site(const struct book_visit *visit, enum kind kind,
				  const struct book_site *line)
{
	struct collection *collection = visit->collection;
	struct space *space = visit->space;
	uint32_t index = collect_add_site(
		collection, space, space_tag_of(space, line->tag, line->check), kind, line->role);
	uint64_t start_ns = collection->processes->start_ns;
	struct site *site;

	if (index == NO_SITE)
		return index;
	site = &space_process(collection->processes, space)->sites[index];
	site->acquired_count += line->acquired_count;
	site->acquired_bytes += line->acquired_bytes;
	site->released_count += line->released_count;
	site->released_bytes += line->released_bytes;
	collect_widen(site, line->first_ns - start_ns, line->last_ns - start_ns);
	return index;
}

/* Returns false when out of memory; `visit->sites` is to be freed. */
static bool collect_book(struct book_visit *visit, enum kind kind, const struct book_site *lines,
			 size_t count)
{
	visit->sites = calloc(count + 1, sizeof(*visit->sites));
	if (!visit->sites) {
		visit->collection->error = -ENOMEM;
		return false;
	}
	for (size_t i = 0; i < count; i++)
		visit->sites[i] = collect_book_site(visit, kind, &lines[i]);
	return true;
}

void collect_mappings(struct collection *collection, struct space *space)
{
	struct process *process = space_process(collection->processes, space);
	struct book_visit visit = { .collection = collection, .space = space };
	const struct book_site *lines;
	size_t count;

	if (!space->mappings || !collection->processes->snapshot->traced[KIND_MMAP])
		return;
	lines = space_mappings_sites(space->mappings, &count);
	if (!collect_book(&visit, KIND_MMAP, lines, count))
		return;
	space_mappings_each(space->mappings, collect_mapping, &visit);
	process->totals[KIND_MMAP].peak_bytes = space_mappings_peak(space->mappings);
	free(visit.sites);
}

void collect_pages(struct collection *collection, struct space *space)
{
	struct book_visit visit = { .collection = collection, .space = space };
	const struct book_site *lines;
	size_t count;

	if (!space->pages)
		return;
	space_pages_settle(space->pages,
			   space->ended ? UINT64_MAX : monotonic_ns() - SPACE_PAGES_IN_FLIGHT_NS);
	lines = space_pages_sites(space->pages, &count);
	if (!collect_book(&visit, KIND_PAGES, lines, count))
		return;
	space_pages_each(space->pages, collect_page, &visit);
	free(visit.sites);
}

/* What is mapped no more, though we did not see it go. */
void collect_check_mappings(struct processes *processes, struct space *space)
{
	if (!space->maps)
		return;
	if (!space->ended)
		processes->unseen_unmaps += space_mappings_check(space->mappings, space->maps,
								 space->map_count, space->maps_ns);
	proc_maps_free(space->maps, space->map_count);
	space->maps = NULL;
	space->map_count = 0;
}
