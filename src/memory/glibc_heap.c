/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source of the formats: glibc's malloc/malloc.c (struct malloc_chunk, struct malloc_state,
 * tcache_entry) and malloc/arena.c (struct heap_info), 2.26 to 2.41. What does not fit them
 * ends a walk: then nothing more of that heap is taken for free.
 */
#include "memory/glibc_heap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory/arena.h"
#include "memory/layout.h"
#include "memory/reader.h"
#include "reach/graph.h"
#include "util/array.h"

#define WORD 8
#define CHUNK_MIN 32
#define SIZE_MASK (~7ULL)
#define PREVIOUS_IN_USE 1
#define ALIGNMENT 16
/* Memory of an arena that is not the main one is in pieces that begin at multiples of this. */
#define HEAP_ALIGNMENT (64ULL << 20)
#define ARENA_BYTES 0x898
/* The C library's data are small; all of a program's that has it built in may be larger. */
#define MODULE_BYTES_MAX (64ULL << 20)
#define FASTBINS_OFFSET 16
#define FASTBINS 10
#define FAST_MAX 100000
/* A thread's cache: 64 counts of 16 bits, 64 lists; the first chunk of its heap */
#define CACHE_CHUNK 0x290
#define CACHE_LISTS 64
#define CACHE_COUNTS_BYTES 128
#define CACHED_MAX 0x420

/* Links of lists are mixed with their own place (since 2.32): "safe linking". */
static uint64_t unmixed(uint64_t place, uint64_t link)
{
	return place >> 12 ^ link;
}

static bool read_words(struct reader *reader, uint64_t address, uint64_t *words, size_t count)
{
	return reader_read(reader, address, words, count * WORD) == (ssize_t)(count * WORD);
}

static bool is_chunk_address(uint64_t address)
{
	return address && address % ALIGNMENT == 0;
}

/* ---- the allocator's books ----------------------------------------------------------- */

static void add_fast_list(struct glibc_heap *heap, struct reader *reader, uint64_t chunk)
{
	while (is_chunk_address(chunk) && heap->fast_count < FAST_MAX) {
		uint64_t *slot = array_add(&heap->fast, &heap->fast_count, sizeof(*slot));
		uint64_t words[3], next;

		if (!slot)
			return;
		*slot = chunk;
		if (!read_words(reader, chunk, words, 3))
			return;
		next = unmixed(chunk + ALIGNMENT, words[2]);
		/* Before 2.32, as it is. */
		chunk = is_chunk_address(next) || !words[2] ? next : words[2];
	}
}

static void add_arena(struct glibc_heap *heap, struct reader *reader, uint64_t arena)
{
	uint64_t heads[FASTBINS];

	if (!read_words(reader, arena + FASTBINS_OFFSET, heads, FASTBINS))
		return;
	for (int i = 0; i < FASTBINS; i++)
		add_fast_list(heap, reader, heads[i]);
}

/* The key is one for all threads (since 2.34): any chunk in any cache has it. */
static void find_key(struct glibc_heap *heap, struct reader *reader, uint64_t chunk)
{
	uint64_t lists[CACHE_LISTS], header[2], entry[2];

	if (heap->key || !read_words(reader, chunk, header, 2) ||
	    (header[1] & SIZE_MASK) != CACHE_CHUNK ||
	    !read_words(reader, chunk + ALIGNMENT + CACHE_COUNTS_BYTES, lists, CACHE_LISTS))
		return;
	for (int i = 0; i < CACHE_LISTS && !heap->key; i++)
		if (is_chunk_address(lists[i]) && read_words(reader, lists[i], entry, 2))
			heap->key = entry[1];
}

/* Where the first chunk of a heap is, 0: the area is none. */
static uint64_t first_chunk(struct reader *reader, const struct area *area, uint64_t *arena)
{
	uint64_t head[2], header;

	*arena = 0;
	if (area->is_break)
		return area->start;
	if (area->start % HEAP_ALIGNMENT || area->is_module ||
	    !read_words(reader, area->start, head, 2))
		return 0;
	/* The first heap of an arena has it behind the header; the others lead back to it. */
	header = head[0] - area->start;
	if (header == 0x20 || header == 0x30) {
		*arena = head[0];
		return (head[0] + ARENA_BYTES + ALIGNMENT - 1) & ~(ALIGNMENT - 1ULL);
	}
	return head[1] && head[1] % HEAP_ALIGNMENT == 0 ? area->start + 0x30 : 0;
}

static int compare_addresses(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void find_main_arena(struct glibc_heap *heap, struct reader *reader, const struct area *area)
{
	uint64_t bytes = area->end - area->start, arena;
	uint64_t *words = bytes <= MODULE_BYTES_MAX ? malloc(bytes) : NULL;
	ssize_t got = words ? reader_read(reader, area->start, words, bytes) : -1;

	if (got > 0) {
		arena = arena_find(area->start, words, (size_t)got / WORD);
		if (arena)
			add_arena(heap, reader, arena);
	}
	free(words);
}

void glibc_heap_find(struct glibc_heap *heap, struct reader *reader, const struct area *areas,
		     size_t count)
{
	uint64_t arena, chunk;

	for (size_t i = 0; i < count; i++) {
		if (areas[i].is_module) {
			find_main_arena(heap, reader, &areas[i]);
			continue;
		}
		chunk = first_chunk(reader, &areas[i], &arena);
		if (arena)
			add_arena(heap, reader, arena);
		if (chunk)
			find_key(heap, reader, chunk);
	}
	if (heap->fast_count)
		qsort(heap->fast, heap->fast_count, sizeof(*heap->fast), compare_addresses);
}

void glibc_heap_clear(struct glibc_heap *heap)
{
	free(heap->fast);
	*heap = (struct glibc_heap){ 0 };
}

/* ---- the walk -------------------------------------------------------------------------- */

void glibc_heap_enter(struct glibc_heap *heap, struct reader *reader, const struct area *area)
{
	uint64_t arena, chunk = first_chunk(reader, area, &arena);

	/* What follows without a gap may go on with the same heap. */
	if (chunk || area->start != heap->next)
		heap->chunk = chunk;
	heap->next = area->end;
	heap->end = area->map_end;
}

struct piece {
	uint64_t address;
	uint64_t end;
	uint64_t *words;
};

static bool size_word(struct reader *reader, const struct piece *piece, uint64_t chunk,
		      uint64_t *size)
{
	uint64_t at = chunk + WORD;

	if (at >= piece->address && at + WORD <= piece->end) {
		*size = piece->words[(at - piece->address) / WORD];
		return true;
	}
	return read_words(reader, at, size, 1);
}

static bool is_fast(const struct glibc_heap *heap, uint64_t chunk)
{
	return heap->fast_count && bsearch(&chunk, heap->fast, heap->fast_count,
					   sizeof(*heap->fast), compare_addresses);
}

/* In a thread's cache: marked as in use, with the key where it was given back. */
static bool is_cached(const struct glibc_heap *heap, struct reader *reader,
		      const struct piece *piece, uint64_t chunk, uint64_t size)
{
	uint64_t key;

	/* The word at the key's place, read as if it were a size. */
	return heap->key && size <= CACHED_MAX &&
	       size_word(reader, piece, chunk + ALIGNMENT, &key) && key == heap->key;
}

/* The chunk, behind its header, as far as it is in this piece. */
static void wipe_chunk(const struct piece *piece, uint64_t chunk, uint64_t size)
{
	uint64_t from = chunk + ALIGNMENT, until = chunk + size;

	if (from < piece->address)
		from = piece->address;
	if (until > piece->end)
		until = piece->end;
	if (from < until)
		memset(piece->words + (from - piece->address) / WORD, 0, until - from);
}

void glibc_heap_wipe(struct glibc_heap *heap, struct reader *reader, const struct graph *graph,
		     uint64_t address, uint64_t *words, size_t count)
{
	const struct piece piece = { address, address + count * WORD, words };

	while (heap->chunk && heap->chunk < piece.end) {
		uint64_t chunk = heap->chunk, word, size, next = 0;
		bool is_last;

		if (!size_word(reader, &piece, chunk, &word))
			break;
		size = word & SIZE_MASK;
		/* A size that wraps around would lead back, and round and round. */
		if (size < CHUNK_MIN || size % ALIGNMENT || chunk >= heap->end ||
		    size > heap->end - chunk)
			break;
		/* The last one is what has not been given out yet. */
		is_last = chunk + size + CHUNK_MIN > heap->end;
		if (!is_last && !size_word(reader, &piece, chunk + size, &next))
			break;
		if ((is_last || !(next & PREVIOUS_IN_USE) || is_fast(heap, chunk) ||
		     is_cached(heap, reader, &piece, chunk, size)) &&
		    graph_find(graph, chunk + ALIGNMENT) == NO_BLOCK)
			wipe_chunk(&piece, chunk, size);
		if (chunk + size > piece.end)
			return;
		heap->chunk = chunk + size;
		if (is_last)
			break;
	}
	if (heap->chunk && heap->chunk < piece.end)
		heap->chunk = 0;
}
