/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source of the layout: malloc/malloc.c of glibc, struct malloc_state (2.26 to 2.41): two
 * words, fastbinsY[10], top, last_remainder, bins[254], binmap of two words, next. Each pair
 * of bins heads a list of free chunks; the head of an empty list points to itself, as if it
 * were a chunk whose links are at 16 bytes. `next` leads round all arenas.
 */
#include "memory/arena.h"

#include <stdbool.h>
#include <string.h>

#define WORD 8
#define LINKS_OFFSET 16
#define BINS 254
#define WORDS_BEFORE_BINS 14
#define NEXT_BEHIND_BINS 2
/* Up to the end: next, next_free, attached_threads, system_mem, max_system_mem */
#define WORDS_BEHIND_BINS 7
/* So many empty lists in a row are no coincidence. */
#define EMPTY_RUN 32
/* Where the other arenas are: behind the head of a heap that begins at a multiple of this. */
#define HEAP_ALIGNMENT (64ULL << 20)
#define HEAP_HEAD_MAX 0x40

#define NOT_FOUND SIZE_MAX

static bool is_empty_list(uint64_t address, const uint64_t *words, size_t index)
{
	uint64_t head = address + index * WORD - LINKS_OFFSET;

	return words[index] == head && words[index + 1] == head;
}

static bool is_other_arena(uint64_t word)
{
	return word && word % HEAP_ALIGNMENT <= HEAP_HEAD_MAX && word % HEAP_ALIGNMENT;
}

/* Empty lists tell where they are, not which they are: that the word `next` does. */
static size_t arena_of_run(uint64_t address, const uint64_t *words, size_t count, size_t first,
			   size_t last)
{
	/* Lists are of two words, so the first of all has the parity of these. */
	size_t lowest = last > BINS ? last - BINS : 0;

	for (size_t bins = lowest + ((first - lowest) & 1); bins <= first; bins += 2) {
		size_t next = bins + BINS + NEXT_BEHIND_BINS, start = bins - WORDS_BEFORE_BINS;

		if (bins < WORDS_BEFORE_BINS || bins + BINS + WORDS_BEHIND_BINS > count)
			continue;
		if (words[next] == address + start * WORD || is_other_arena(words[next]))
			return start;
	}
	return NOT_FOUND;
}

/* From the word `from` on; `*behind`: where to go on. */
static size_t find(uint64_t address, const uint64_t *words, size_t count, size_t from,
		   size_t *behind)
{
	for (size_t i = from; i + EMPTY_RUN <= count;) {
		size_t run = i, start;

		while (run + 2 <= count && is_empty_list(address, words, run))
			run += 2;
		if (run - i < EMPTY_RUN) {
			i = run > i ? run : i + 1;
			continue;
		}
		start = arena_of_run(address, words, count, i, run);
		*behind = run;
		if (start != NOT_FOUND)
			return start;
		i = run;
	}
	return NOT_FOUND;
}

uint64_t arena_find(uint64_t address, const uint64_t *words, size_t count)
{
	size_t behind, start = find(address, words, count, 0, &behind);

	return start == NOT_FOUND ? 0 : address + start * WORD;
}

void arena_clear(uint64_t address, uint64_t *words, size_t count)
{
	size_t behind = 0, start;

	while ((start = find(address, words, count, behind, &behind)) != NOT_FOUND)
		memset(words + start, 0,
		       (WORDS_BEFORE_BINS + BINS + WORDS_BEHIND_BINS) * sizeof(*words));
}
