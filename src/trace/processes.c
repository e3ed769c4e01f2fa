/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life of followed address spaces, their mappings and stacks. */
#include "trace/processes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/modules.h"
#include "trace/space.h"
#include "trace/space_ranges.h"
#include "util/proc.h"
#include "util/strings.h"

struct processes *processes_new(struct snapshot *snapshot, uint64_t start_ns, uint64_t max_stacks,
				bool keeps_mappings)
{
	struct processes *processes = calloc(1, sizeof(*processes));

	if (processes) {
		processes->snapshot = snapshot;
		processes->start_ns = start_ns;
		processes->max_stacks = max_stacks;
		processes->keeps_mappings = snapshot->traced[KIND_MMAP] || keeps_mappings;
	}
	return processes;
}

static void space_free(struct space *space)
{
	if (!space)
		return;
	space_clear_stacks(space);
	space_mappings_free(space->mappings);
	ranges_free(space->breaks);
	graph_free(space->graph);
	free(space->block_sites);
	free(space->scope_keys);
	space_pages_free(space->pages);
	proc_maps_free(space->maps, space->map_count);
	space_files_clear(&space->files);
	space_tasks_clear(&space->tasks);
	free(space);
}

void space_drop(struct processes *processes, struct space *space)
{
	HASH_DEL(processes->spaces, space);
	if (space->ended)
		processes->ended--;
	else
		processes->running--;
	space_free(space);
}

void processes_free(struct processes *processes)
{
	struct space *space, *next;

	if (!processes)
		return;
	space = processes->spaces;
	HASH_CLEAR(hh, processes->spaces);
	for (; space; space = next) {
		next = space->hh.next;
		space_free(space);
	}
	free(processes);
}

struct space *space_find(const struct processes *processes, uint32_t number)
{
	struct space *space;

	HASH_FIND(hh, processes->spaces, &number, sizeof(number), space);
	return space;
}

struct process *space_process(const struct processes *processes, const struct space *space)
{
	return &processes->snapshot->processes[space->index];
}

static struct space *space_new(const struct processes *processes, uint32_t number)
{
	bool has_pages = processes->snapshot->traced[KIND_PAGES];
	struct space *space = calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->number = number;
	if (processes->keeps_mappings) {
		space->mappings = space_mappings_new(processes->snapshot->strings);
		space->breaks = ranges_new();
	}
	if (has_pages)
		space->pages = space_pages_new();
	if ((!processes->keeps_mappings || (space->mappings && space->breaks)) &&
	    (!has_pages || space->pages))
		return space;
	space_free(space);
	return NULL;
}

int processes_start(struct processes *processes, const struct process_start *start)
{
	struct strings *strings = processes->snapshot->strings;
	struct space *space = space_new(processes, start->space);
	struct process *process = space ? snapshot_add_process(processes->snapshot) : NULL;

	if (!process)
		goto no_process;
	HASH_ADD(hh, processes->spaces, number, sizeof(space->number), space);
	if (!hash_has(space)) {
		processes->snapshot->process_count--;
		goto no_process;
	}
	process->pid = start->pid;
	process->ppid = start->ppid;
	process->image = start->image;
	process->comm = strings_intern(strings, start->comm);
	if (!process->comm)
		processes_lose_event(processes);
	process->start_ns = start->time_ns - processes->start_ns;
	space->pid = start->pid;
	space->attached = start->attached;
	space->is_late = start->attached;
	space->index = processes->snapshot->process_count - 1;
	processes->running++;
	return 0;

no_process:
	space_free(space);
	return -ENOMEM;
}

int processes_inherit(struct processes *processes, uint32_t number, uint32_t parent_number)
{
	struct space *space = space_find(processes, number);
	struct space *parent_space = space_find(processes, parent_number);
	struct process *process, *parent;

	if (!space || !parent_space)
		return -ENOENT;
	process = space_process(processes, space);
	parent = space_process(processes, parent_space);
	space->is_late = true;
	space->generation = parent_space->generation;
	process->exe = parent->exe;
	process->measured = parent->measured;
	process->unmeasured_reason = parent->unmeasured_reason;
	for (size_t i = 0; i < parent->mapping_count; i++) {
		struct mapping *mapping = process_add_mapping(process);

		if (!mapping)
			return -ENOMEM;
		*mapping = parent->mappings[i];
	}
	return 0;
}

void processes_set_peak(struct processes *processes, uint32_t number, uint64_t earlier_pages,
			uint64_t pages)
{
	struct space *space = space_find(processes, number);

	if (space && pages > earlier_pages)
		space_process(processes, space)->peak_rss_bytes =
			pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void processes_end(struct processes *processes, uint32_t number, enum process_end end, int value,
		   uint64_t time_ns)
{
	struct space *space = space_find(processes, number);
	struct process *process;

	if (!space || space->ended)
		return;
	process = space_process(processes, space);
	process->end = end;
	process->end_value = value;
	process->end_ns = time_ns - processes->start_ns;
	space->ended = true;
	processes->running--;
	processes->ended++;
}

void processes_judge(struct processes *processes, uint32_t number, const char *reason)
{
	struct process *process = processes_get(processes, number);

	if (!process)
		return;
	process->measured = !reason;
	process->unmeasured_reason = strings_intern(processes->snapshot->strings, reason);
}

uint32_t processes_generation(const struct processes *processes, uint32_t number)
{
	const struct space *space = space_find(processes, number);

	return space ? space->generation : 0;
}

struct process *processes_get(struct processes *processes, uint32_t number)
{
	struct space *space = space_find(processes, number);

	return space ? space_process(processes, space) : NULL;
}

bool processes_is_late(const struct processes *processes, uint32_t number)
{
	const struct space *space = space_find(processes, number);

	return !space || space->is_late || !space->mappings;
}

void processes_set_graph(struct processes *processes, uint32_t number, struct graph *graph,
			 uint64_t time_ns)
{
	struct space *space = space_find(processes, number);

	if (!space) {
		graph_free(graph);
		return;
	}
	graph_free(space->graph);
	space->graph = graph;
	space->graph_ns = time_ns;
}

uint64_t processes_since_start(const struct processes *processes, uint64_t time_ns)
{
	return time_ns - processes->start_ns;
}

size_t processes_running(const struct processes *processes)
{
	return processes->running;
}

size_t processes_uncollected(const struct processes *processes)
{
	return processes->ended;
}

void processes_each_running(struct processes *processes,
			    void (*visit)(uint32_t space, uint32_t pid, void *context),
			    void *context)
{
	struct space *space, *next;

	HASH_ITER(hh, processes->spaces, space, next)
	if (!space->ended)
		visit(space->number, space->pid, context);
}

/* Code that has names: of a file, or of the kernel's image. */
static bool has_names(const struct proc_map *map)
{
	return map->path[0] == '/' || !strcmp(map->path, "[vdso]");
}

static bool same_mapping(const struct mapping *mapping, const struct proc_map *map)
{
	return mapping->start == map->start && mapping->end == map->end &&
	       mapping->file_offset == map->offset && mapping->inode == map->inode &&
	       mapping->device == map->device;
}

static bool is_current(const struct space *space, const struct mapping *mapping)
{
	return mapping->last_generation == space->generation;
}

/* The mappings that were current when it was made, by address: a process may have thousands. */
struct current {
	struct process *process;
	uint32_t *order;
	size_t count;
};

static int compare_starts(const void *left, const void *right, void *context)
{
	const struct process *process = context;
	uint64_t a = process->mappings[*(const uint32_t *)left].start;
	uint64_t b = process->mappings[*(const uint32_t *)right].start;

	return (a > b) - (a < b);
}

static int current_make(struct current *current, const struct space *space, struct process *process)
{
	*current = (struct current){ .process = process };
	current->order = calloc(process->mapping_count + 1, sizeof(*current->order));
	if (!current->order)
		return -ENOMEM;
	for (size_t i = 0; i < process->mapping_count; i++)
		if (is_current(space, &process->mappings[i]))
			current->order[current->count++] = (uint32_t)i;
	qsort_r(current->order, current->count, sizeof(*current->order), compare_starts, process);
	return 0;
}

/* NULL when it is not one of them. */
static struct mapping *find_current(const struct current *current, const struct proc_map *map)
{
	size_t first = 0, end = current->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		struct mapping *mapping = &current->process->mappings[current->order[middle]];

		if (mapping->start == map->start)
			return same_mapping(mapping, map) ? mapping : NULL;
		if (mapping->start < map->start)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

/*
 * Code that is gone, a closed library's, leaves its addresses to others: what was
 * seen at them until now belongs to an earlier generation. Mappings that are still
 * there go on into the new one.
 */
static void renew_generation(struct space *space, const struct current *current,
			     const struct proc_map *maps, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		kept += maps[i].executable && find_current(current, &maps[i]);
	if (kept == current->count)
		return;
	for (size_t i = 0; i < count; i++) {
		struct mapping *mapping =
			maps[i].executable ? find_current(current, &maps[i]) : NULL;

		if (mapping)
			mapping->last_generation++;
	}
	space->generation++;
}

static int add_mapping(struct processes *processes, struct space *space,
		       const struct current *current, const struct proc_map *map,
		       const struct module *module)
{
	struct strings *strings = processes->snapshot->strings;
	struct mapping *mapping = find_current(current, map);

	if (mapping && is_current(space, mapping))
		return 0;
	mapping = process_add_mapping(current->process);
	if (!mapping)
		return -ENOMEM;
	*mapping = (struct mapping){
		.start = map->start,
		.end = map->end,
		.file_offset = map->offset,
		.device = map->device,
		.inode = map->inode,
		.path = strings_intern(strings, map->path),
		.open_path = module ? strings_intern(strings, module->open_path) : NULL,
		.build_id = module ? strings_intern(strings, module->build_id) : NULL,
		.first_generation = space->generation,
		.last_generation = space->generation,
	};
	return 0;
}

static void read_exe(struct processes *processes, struct process *process, pid_t pid)
{
	char link[32], path[4096];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return;
	path[length] = '\0';
	process->exe = strings_intern(processes->snapshot->strings, path);
}

int processes_read_mappings(struct processes *processes, struct modules *modules, uint32_t number,
			    pid_t pid,
			    void (*visit)(const struct proc_map *map, struct module *module,
					  void *context),
			    void *context)
{
	struct space *space = space_find(processes, number);
	struct current current;
	struct proc_map *maps;
	size_t count;
	int error;

	if (!space)
		return -ENOENT;
	error = proc_maps_read(pid, &maps, &count);
	if (error)
		return error;
	/* Its first thread has ended, others have not: what is known of it still holds. */
	if (!count) {
		proc_maps_free(maps, count);
		return -ESRCH;
	}
	read_exe(processes, space_process(processes, space), pid);
	error = current_make(&current, space, space_process(processes, space));
	if (!error)
		renew_generation(space, &current, maps, count);
	for (size_t i = 0; i < count && !error; i++) {
		struct module *module;

		if (!maps[i].executable)
			continue;
		module = modules_of_mapping(modules, pid, &maps[i]);
		if (has_names(&maps[i]))
			error = add_mapping(processes, space, &current, &maps[i], module);
		visit(&maps[i], module, context);
	}
	free(current.order);
	proc_maps_free(maps, count);
	return error;
}
