/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source of the layout: malloc/malloc.c of glibc, struct malloc_state: fastbinsY[10], top,
 * last_remainder, bins[254]. Each pair of bins heads a list of free chunks; the head of an
 * empty list points to itself, as if it were a chunk whose links are at 16 bytes.
 */
#include "memory/arena.h"

#include <stdbool.h>
#include <string.h>

#define WORD 8
#define LINKS_OFFSET 16
#define BINS 254
/* fastbinsY, top, last_remainder */
#define WORDS_BEFORE_BINS 12
/* So many empty lists in a row are no coincidence. */
#define EMPTY_RUN 32

static bool is_empty_list(uint64_t address, const uint64_t *words, size_t index)
{
	uint64_t head = address + index * WORD - LINKS_OFFSET;

	return words[index] == head && words[index + 1] == head;
}

/*
 * Where the run is in the array of bins cannot be told from it, since lists before and
 * behind it may have chunks: all that the array may cover is cleared as far as its words
 * are empty lists or look like the links of full ones, which point up to higher memory.
 */
static void clear_around(uint64_t address, uint64_t *words, size_t count, size_t first, size_t last)
{
	size_t from = last > BINS ? last - BINS : 0;
	size_t until = first + BINS < count ? first + BINS : count;
	uint64_t own = address + first * WORD;

	while (first >= from + 2 && (is_empty_list(address, words, first - 2) ||
				     (words[first - 2] > own && words[first - 1] > own)))
		first -= 2;
	while (last + 2 <= until && (is_empty_list(address, words, last) ||
				     (words[last] > own && words[last + 1] > own)))
		last += 2;
	first = first > WORDS_BEFORE_BINS ? first - WORDS_BEFORE_BINS : 0;
	memset(words + first, 0, (last - first) * WORD);
}

void arena_clear(uint64_t address, uint64_t *words, size_t count)
{
	for (size_t i = 0; i + EMPTY_RUN <= count;) {
		size_t run = i;

		while (run + 2 <= count && is_empty_list(address, words, run))
			run += 2;
		if (run - i >= EMPTY_RUN) {
			clear_around(address, words, count, i, run);
			i = run;
		} else {
			i = run > i ? run : i + 1;
		}
	}
}
