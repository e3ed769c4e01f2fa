/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a process's memory: its allocator's books, what is free, what is reachable. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "memory/arena.h"
#include "memory/glibc_heap.h"
#include "memory/layout.h"
#include "memory/reader.h"
#include "memory/threads.h"
#include "reach/graph.h"

/* Pointers in a corpus are to lead somewhere: memory is always at the same place. */
#define BASE 0x200000000000ULL
#define AREA_BYTES 8192
#define AREAS 3
#define PIECE_BYTES 4096
#define BLOCKS 128
#define BLOCK_BYTES 48

/* A module's data, the heap segment, and another arena's heap, each with a part of the input. */
static const struct area areas[AREAS] = {
	{ .start = BASE,
	  .end = BASE + AREA_BYTES,
	  .map_end = BASE + AREA_BYTES,
	  .outside = OUTSIDE_STARTS,
	  .is_module = true },
	{ .start = BASE + AREA_BYTES,
	  .end = BASE + 2 * AREA_BYTES,
	  .map_end = BASE + 2 * AREA_BYTES,
	  .outside = OUTSIDE_ROOT,
	  .is_break = true },
	{ .start = BASE + (64 << 20),
	  .end = BASE + (64 << 20) + AREA_BYTES,
	  .map_end = BASE + (64 << 20) + AREA_BYTES,
	  .outside = OUTSIDE_ROOT },
};

static void fill_memory(const uint8_t *bytes, size_t size)
{
	static bool mapped;

	for (size_t i = 0; i < AREAS; i++) {
		char *memory = (char *)areas[i].start;
		size_t from = i * AREA_BYTES, part = size > from ? size - from : 0;

		if (!mapped &&
		    mmap(memory, AREA_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != memory)
			abort();
		memset(memory, 0, AREA_BYTES);
		if (part)
			memcpy(memory, bytes + from, part < AREA_BYTES ? part : AREA_BYTES);
	}
	mapped = true;
}

static bool is_table(uint64_t address, void *context)
{
	(void)context;
	return address % 16 == 8;
}

static struct graph *make_graph(void)
{
	const struct graph_tables tables = { .low = BASE, .span = 1024, .is_table = is_table };
	struct block blocks[BLOCKS];
	struct graph *graph;

	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] =
			(struct block){ areas[1].start + 16 + i * (BLOCK_BYTES + 16), BLOCK_BYTES };
	if (graph_new(blocks, BLOCKS, HEURISTICS_ALL, &graph))
		return NULL;
	graph_set_tables(graph, &tables);
	return graph;
}

static void read_area(struct graph *graph, struct glibc_heap *heap, struct reader *reader,
		      const struct area *area)
{
	uint64_t words[PIECE_BYTES / 8];

	glibc_heap_enter(heap, reader, area);
	threads_stack_is_left(reader, graph, area);
	for (uint64_t at = area->start; at < area->end; at += PIECE_BYTES) {
		ssize_t got = reader_read(reader, at, words, sizeof(words));

		if (got != sizeof(words))
			abort();
		if (area->is_module)
			arena_clear(at, words, PIECE_BYTES / 8);
		else
			glibc_heap_wipe(heap, reader, graph, at, words, PIECE_BYTES / 8);
		graph_memory(graph, at, words, PIECE_BYTES / 8, area->outside);
	}
}

static void judge(struct graph *graph)
{
	if (graph_judge(graph))
		return;
	for (uint32_t i = 0; i < graph_count(graph); i++) {
		struct graph_result result = graph_result(graph, i);

		if (result.class >= REACH_CLASSES || result.leader >= BLOCKS ||
		    (result.class == REACH_INDIRECT &&
		     graph_result(graph, result.leader).class != REACH_DEFINITE))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct reader reader = { .tid = getpid(), .way = READER_CALL };
	struct glibc_heap heap = { 0 };
	struct graph *graph = make_graph();

	fill_memory(bytes, size);
	if (!graph)
		return 0;
	glibc_heap_find(&heap, &reader, areas, AREAS);
	for (size_t i = 0; i < AREAS; i++)
		read_area(graph, &heap, &reader, &areas[i]);
	judge(graph);
	glibc_heap_clear(&heap);
	graph_free(graph);
	return 0;
}
