/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the order of a look, and the one pass over memory. */
#include "memory/look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory/arena.h"
#include "memory/control.h"
#include "memory/glibc_heap.h"
#include "memory/kernel_held.h"
#include "memory/layout.h"
#include "memory/present.h"
#include "memory/stop.h"
#include "memory/tables.h"
#include "memory/threads.h"
#include "reach/graph.h"
#include "trace/live_blocks.h"
#include "trace/processes.h"
#include "trace/tracer.h"
#include "util/clock.h"
#include "util/proc.h"

/* At a time: small enough to be still in the cache when it is looked at. */
#define READ_BYTES (512 * 1024)
#define PAGE_BYTES 4096
/* Shared memory up to here is read whole. */
#define SHARED_BYTES_MAX (64 << 20)
#define WORD 8
/* When somebody lets it go on meanwhile. */
#define TRIES 3

struct pass {
	const struct look *look;
	struct stop stop;
	struct reader reader;
	struct graph *graph;
	struct proc_map *maps;
	size_t map_count;
	struct space_range *ranges;
	size_t range_count;
	struct area *areas;
	size_t area_count;
	uint64_t *buffer;
	struct live_blocks live;
	bool is_late;
	struct glibc_heap heap; /* if so */
	struct tables tables;
	struct present present;
	uint64_t block_count;
};

static bool has_first_thread(const struct pass *pass)
{
	for (size_t i = 0; i < pass->stop.thread_count; i++)
		if (pass->stop.threads[i].tid == (uint32_t)pass->look->pid)
			return true;
	return false;
}

static int lay_out(struct pass *pass)
{
	const struct look *look = pass->look;
	struct layout_source source;
	uint64_t left_stack = 0;
	struct proc_stat stat;
	int error;

	error = processes_ranges(look->processes, look->modules, look->space, &pass->ranges,
				 &pass->range_count);
	if (error)
		return error;
	pass->is_late = processes_is_late(look->processes, look->space);
	if (!has_first_thread(pass) && !proc_stat_read(pass->reader.tid, &stat))
		left_stack = stat.start_stack;
	source = (struct layout_source){
		.maps = pass->maps,
		.map_count = pass->map_count,
		.ranges = pass->ranges,
		.range_count = pass->range_count,
		.threads = pass->stop.threads,
		.thread_count = pass->stop.thread_count,
		.left_stack = left_stack,
		.is_late = pass->is_late,
	};
	return layout_make(&source, &pass->areas, &pass->area_count);
}

static int read_blocks(struct pass *pass)
{
	struct live_blocks *live = &pass->live;
	int error = live_blocks_read(live, pass->look->tracer, pass->look->space, pass->maps,
				     pass->map_count);

	if (error)
		return error;
	pass->block_count = live->count;
	error = graph_new(live->blocks, live->count, pass->look->heuristics, &pass->graph);
	free(live->blocks);
	live->blocks = NULL;
	return error;
}

static bool is_over(const struct pass *pass)
{
	return monotonic_ns() - pass->stop.since_ns > pass->look->max_pause_ns;
}

static int take_piece(struct pass *pass, const struct area *area, uint64_t address, size_t bytes)
{
	if (area->is_module)
		arena_clear(address, pass->buffer, bytes / WORD);
	else if (pass->is_late)
		glibc_heap_wipe(&pass->heap, &pass->reader, pass->graph, address, pass->buffer,
				bytes / WORD);
	return graph_memory(pass->graph, address, pass->buffer, bytes / WORD, area->outside);
}

/* What cannot be read, behind the end of a mapped file say, is left out, page by page. */
static int read_run(struct pass *pass, const struct area *area, const struct page_run *run)
{
	uint64_t address = run->start;
	int error = 0;

	while (!error && address < run->end) {
		size_t bytes = run->end - address < READ_BYTES ? run->end - address : READ_BYTES;
		ssize_t got;

		if (is_over(pass))
			return -ETIMEDOUT;
		if (area->outside == OUTSIDE_NOTHING &&
		    !graph_has_blocks(pass->graph, address, address + bytes)) {
			address += bytes;
			continue;
		}
		got = reader_read(&pass->reader, address, pass->buffer, bytes);
		if (got == -EPERM || got == -ESRCH || got == -EOPNOTSUPP)
			return (int)got;
		if (got < WORD) {
			address = (address + PAGE_BYTES) & ~(PAGE_BYTES - 1ULL);
			continue;
		}
		error = take_piece(pass, area, address, (size_t)got);
		address += (size_t)got / WORD * WORD;
	}
	return error;
}

/*
 * What was never touched has no pointers of this process's. Of shared memory the kernel may
 * have forgotten that it was.
 */
static int read_area(struct pass *pass, const struct area *area)
{
	struct page_run run = { area->start, area->end };
	uint64_t address = area->start;
	int error = 0;

	if (area->is_shared && area->end - area->start <= SHARED_BYTES_MAX)
		return read_run(pass, area, &run);
	while (!error && present_next(&pass->present, address, area->end, &run)) {
		error = is_over(pass) ? -ETIMEDOUT : read_run(pass, area, &run);
		address = run.end;
	}
	return error;
}

static int read_memory(struct pass *pass)
{
	int error = 0;

	pass->buffer = malloc(READ_BYTES);
	if (!pass->buffer)
		return -ENOMEM;
	present_open(&pass->present, pass->reader.tid);
	if (pass->is_late)
		glibc_heap_find(&pass->heap, &pass->reader, pass->areas, pass->area_count);
	for (size_t i = 0; !error && i < pass->area_count; i++) {
		struct area *area = &pass->areas[i];

		if (pass->is_late)
			glibc_heap_enter(&pass->heap, &pass->reader, area);

		if (area->may_be_stack && threads_stack_is_left(&pass->reader, pass->graph, area))
			area->outside = OUTSIDE_NOTHING;
		error = read_area(pass, area);
	}
	present_close(&pass->present);
	return error;
}

/*
 * How far down each thread's stack is in use. What the thread that ends has in its registers
 * and on its stack is exit(3)'s own by now; what it had is told by the event.
 */
static void set_stacks(struct pass *pass)
{
	const struct wire_event_ending *ending = pass->look->ending;

	for (size_t i = 0; i < pass->stop.thread_count; i++) {
		struct wire_registers *registers = &pass->stop.threads[i].registers;

		if (ending && pass->stop.threads[i].tid == ending->tid)
			*registers = ending->registers;
		else
			registers->sp -= control_red_zone;
	}
}

static int look_stopped(struct pass *pass)
{
	const struct look *look = pass->look;
	struct graph_tables tables;
	int error;

	set_stacks(pass);
	pass->reader = (struct reader){
		.tracer = look->tracer,
		.tid = (pid_t)pass->stop.threads[0].tid,
		.way = look->way,
	};
	if (look->drain && !look->ending)
		look->drain(look->context);
	/* By a thread that lives: a leader that has ended has none. */
	error = proc_maps_read(pass->reader.tid, &pass->maps, &pass->map_count);
	if (!error)
		error = read_blocks(pass);
	if (error || !pass->block_count)
		return error;
	error = lay_out(pass);
	if (error)
		return error;
	tables = tables_begin(&pass->tables, &pass->reader, pass->maps, pass->map_count);
	graph_set_tables(pass->graph, &tables);
	threads_take(&pass->reader, pass->graph, pass->stop.threads, pass->stop.thread_count);
	threads_take_results(&pass->reader, pass->graph, pass->live.threads,
			     pass->live.thread_count);
	kernel_held_take(look->pid, pass->graph);
	return read_memory(pass);
}

static void clear(struct pass *pass)
{
	proc_maps_free(pass->maps, pass->map_count);
	free(pass->ranges);
	free(pass->areas);
	free(pass->buffer);
	live_blocks_clear(&pass->live);
	glibc_heap_clear(&pass->heap);
	tables_clear(&pass->tables);
	stop_end(&pass->stop);
}

static int look_once(const struct look *look, struct look_result *result)
{
	struct pass pass = { .look = look };
	int error =
		stop_begin(&pass.stop, look->tracer, look->pid, look->ending, look->max_pause_ns);

	*result = (struct look_result){ .time_ns = monotonic_ns() };
	if (!error)
		error = look_stopped(&pass);
	if (!error)
		error = stop_check(&pass.stop);
	stop_continue(&pass.stop);
	result->pause_ns = monotonic_ns() - pass.stop.since_ns;
	result->bytes = pass.reader.bytes;
	result->blocks = pass.block_count;
	if (!error)
		error = graph_judge(pass.graph);
	clear(&pass);
	if (error)
		graph_free(pass.graph);
	else
		result->graph = pass.graph;
	return error;
}

int memory_look(const struct look *look, struct look_result *result)
{
	int error = -EINTR;

	for (int tries = 0; error == -EINTR && tries < TRIES; tries++)
		error = look_once(look, result);
	return error;
}
