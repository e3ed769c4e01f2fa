/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory/arena, memory/glibc_heap: what this process's own malloc has in use and what not.
 * With another allocator than glibc's there is nothing to see.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "memory/arena.h"
#include "memory/glibc_heap.h"
#include "memory/layout.h"
#include "memory/reader.h"
#include "reach/graph.h"
#include "util/proc.h"

#define BLOCKS 600
#define MARK 0x6b
#define OFFSET 40

static struct area *areas;
static size_t area_count;

static void read_areas(void)
{
	struct layout_source source = { .is_late = true };
	struct proc_map *maps;
	size_t count;

	assert_int_equal(proc_maps_read(getpid(), &maps, &count), 0);
	source.maps = maps;
	source.map_count = count;
	assert_int_equal(layout_make(&source, &areas, &area_count), 0);
	proc_maps_free(maps, count);
}

static const struct area *area_of(const void *address)
{
	for (size_t i = 0; i < area_count; i++)
		if ((uintptr_t)address - areas[i].start < areas[i].end - areas[i].start)
			return &areas[i];
	fail_msg("%p is in no area", address);
	return NULL;
}

/* Not by malloc(3), whose heap is looked at. */
static uint64_t *mmap_copy(const struct area *area)
{
	void *copy = mmap(NULL, area->end - area->start, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(copy != MAP_FAILED);
	return copy;
}

static void mmap_free(uint64_t *copy, const struct area *area)
{
	munmap(copy, area->end - area->start);
}

/* A word of a block, as a look at the heap sees it. */
static uint64_t seen(const struct area *heap, const uint64_t *words, const void *block)
{
	return words[((uintptr_t)block + OFFSET - heap->start) / sizeof(*words)];
}

/* The sanitizer has an allocator of its own: there is no heap of glibc's to look at. */
static void need_glibc_heap(void)
{
#ifdef __SANITIZE_ADDRESS__
	skip();
#endif
}

static void test_free_memory_is_wiped(void **state)
{
	/* Some go to the cache, some to fastbins, some to lists; the last are the top's. */
	static const size_t sizes[] = { 64, 104, 200, 1000, 3000 };
	void *kept[BLOCKS], *freed[BLOCKS];
	struct reader reader = { .tid = getpid() };
	struct glibc_heap heap = { 0 };
	const struct area *area;
	struct graph *graph;
	uint64_t *copy, mark;
	size_t wiped = 0;

	(void)state;
	need_glibc_heap();
	memset(&mark, MARK, sizeof(mark));
	assert_int_equal(graph_new(NULL, 0, 0, &graph), 0);
	for (size_t i = 0; i < BLOCKS; i++) {
		kept[i] = malloc(sizes[i % 5]);
		freed[i] = malloc(sizes[(i + i / 5) % 5]);
		memset(kept[i], MARK, sizes[i % 5]);
		memset(freed[i], MARK, sizes[(i + i / 5) % 5]);
	}
	read_areas();
	area = area_of(kept[0]);
	copy = mmap_copy(area);
	for (size_t i = 0; i < BLOCKS; i++)
		free(freed[i]);
	glibc_heap_find(&heap, &reader, areas, area_count);
	assert_true(heap.key);
	glibc_heap_enter(&heap, &reader, area);
	assert_int_equal(heap.chunk, area->start);
	assert_int_equal(reader_read(&reader, area->start, copy, area->end - area->start),
			 area->end - area->start);
	/* In pieces, as memory is read. */
	for (uint64_t at = area->start; at < area->end; at += 64 * 1024) {
		uint64_t bytes = area->end - at < 64 * 1024 ? area->end - at : 64 * 1024;

		glibc_heap_wipe(&heap, &reader, graph, at, copy + (at - area->start) / 8,
				bytes / 8);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		assert_int_equal(seen(area, copy, kept[i]), mark);
		wiped += seen(area, copy, freed[i]) != mark;
	}
	assert_int_equal(wiped, BLOCKS);
	mmap_free(copy, area);
	for (size_t i = 0; i < BLOCKS; i++)
		free(kept[i]);
	glibc_heap_clear(&heap);
	graph_free(graph);
	free(areas);
}

/* Sizes that wrap around: a walk that believes them goes back and forth for ever. */
static void test_sizes_that_lead_back(void **state)
{
	static const uint64_t back = 0 - 64ULL;
	struct reader reader = { .tid = getpid() };
	struct glibc_heap heap = { 0 };
	struct area area = { .is_break = true };
	struct graph *graph;
	uint64_t *words;

	(void)state;
	assert_int_equal(graph_new(NULL, 0, 0, &graph), 0);
	words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(words != MAP_FAILED);
	area.start = (uintptr_t)words;
	area.end = area.map_end = area.start + 4096;
	words[1] = 64 | 1;
	words[9] = back | 1;
	glibc_heap_enter(&heap, &reader, &area);
	glibc_heap_wipe(&heap, &reader, graph, area.start, words, 512);
	assert_int_equal(heap.chunk, 0);
	assert_int_equal(words[9], back | 1);
	munmap(words, 4096);
	glibc_heap_clear(&heap);
	graph_free(graph);
}

/* A file may be mapped with any size: not all of it is read at once. */
static void test_a_large_module_is_left_out(void **state)
{
	const size_t bytes = 65 << 20;
	struct reader reader = { .tid = getpid() };
	struct glibc_heap heap = { 0 };
	struct area area = { .is_module = true };
	void *memory = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(memory != MAP_FAILED);
	area.start = (uintptr_t)memory;
	area.end = area.map_end = area.start + bytes;
	glibc_heap_find(&heap, &reader, &area, 1);
	assert_int_equal(reader.bytes, 0);
	munmap(memory, bytes);
	glibc_heap_clear(&heap);
}

/* Found by its shape in the C library's data, and cleared of addresses of chunks. */
static void test_main_arena(void **state)
{
	struct reader reader = { .tid = getpid() };
	size_t found = 0;

	(void)state;
	need_glibc_heap();
	read_areas();
	for (size_t i = 0; i < area_count; i++) {
		uint64_t bytes = areas[i].end - areas[i].start, arena;
		uint64_t *words;

		if (!areas[i].is_module)
			continue;
		words = malloc(bytes);
		assert_int_equal(reader_read(&reader, areas[i].start, words, bytes), bytes);
		arena = arena_find(areas[i].start, words, bytes / 8);
		if (arena) {
			found++;
			arena_clear(areas[i].start, words, bytes / 8);
			assert_int_equal(arena_find(areas[i].start, words, bytes / 8), 0);
		}
		free(words);
	}
	assert_int_equal(found, 1);
	free(areas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_main_arena),
		cmocka_unit_test(test_free_memory_is_wiped),
		cmocka_unit_test(test_sizes_that_lead_back),
		cmocka_unit_test(test_a_large_module_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
