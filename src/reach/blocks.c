/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reach/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/* A gap of so much begins another region: its bits would cost more than a region does. */
#define REGION_GAP (1 << 20)
/* What malloc(3) aligns to at least; the granule is no larger. */
#define SHIFT_MAX 4

static uint64_t end_of(const struct block *block)
{
	return block->start + (block->size ? block->size : 1);
}

/* The largest granule that all blocks begin at. */
static unsigned shift_of(const struct block *all, size_t count)
{
	uint64_t any = 1ULL << SHIFT_MAX;

	for (size_t i = 0; i < count; i++)
		any |= all[i].start;
	return (unsigned)__builtin_ctzll(any);
}

static bool is_sorted(const struct block *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (end_of(&all[i]) < all[i].start ||
		    (i + 1 < count && end_of(&all[i]) > all[i + 1].start))
			return false;
	return true;
}

static uint64_t granules_of(const struct blocks *blocks, const struct block_region *region)
{
	return ((region->end - region->start) >> blocks->shift) + 1;
}

/* Offsets in a region have 32 bits. */
static bool fits_region(const struct blocks *blocks, const struct block_region *region,
			const struct block *block)
{
	return block->start - region->end < REGION_GAP &&
	       (end_of(block) - region->start) >> blocks->shift < UINT32_MAX;
}

static int find_regions(struct blocks *blocks, const struct block *all)
{
	struct block_region *region = NULL;

	for (uint32_t i = 0; i < blocks->count; i++) {
		if (!region || !fits_region(blocks, region, &all[i])) {
			region =
				array_add(&blocks->regions, &blocks->region_count, sizeof(*region));
			if (!region)
				return -ENOMEM;
			region->start = all[i].start;
			region->first_block = i;
		}
		region->end = end_of(&all[i]);
		region->block_count++;
	}
	for (size_t i = 0; i < blocks->region_count; i++) {
		blocks->regions[i].first_line = blocks->line_count;
		blocks->line_count += granules_of(blocks, &blocks->regions[i]) / LINE_GRANULES + 1;
	}
	return 0;
}

static int add_block(struct blocks *blocks, const struct block_region *region, uint32_t number,
		     const struct block *block)
{
	uint64_t granule = (block->start - region->start) >> blocks->shift;
	struct block_line *line = &blocks->lines[region->first_line + granule / LINE_GRANULES];
	struct block *large;

	line->bits[granule % LINE_GRANULES / 64] |= 1ULL << granule % LINE_GRANULES % 64;
	if (block->size < UINT16_MAX) {
		blocks->sizes[number] = (uint16_t)block->size;
		return 0;
	}
	blocks->sizes[number] = UINT16_MAX;
	large = array_add(&blocks->large, &blocks->large_count, sizeof(*large));
	if (!large)
		return -ENOMEM;
	*large = *block;
	return 0;
}

static int highest_bit(uint64_t bits)
{
	return 63 - __builtin_clzll(bits);
}

/* What each line has before it. */
static void count_lines(struct blocks *blocks)
{
	uint32_t rank = 0;

	for (size_t i = 0; i < blocks->line_count; i++) {
		struct block_line *line = &blocks->lines[i];

		line->rank = rank;
		for (int word = 0; word < LINE_WORDS; word++) {
			line->before[word] = (uint16_t)(rank - line->rank);
			rank += (uint32_t)__builtin_popcountll(line->bits[word]);
		}
	}
}

int blocks_build(struct blocks *blocks, const struct block *all, size_t count)
{
	size_t region = 0;
	int error = 0;

	*blocks = (struct blocks){ 0 };
	if (count >= NO_BLOCK || !is_sorted(all, count))
		return -EINVAL;
	if (!count)
		return 0;
	blocks->shift = shift_of(all, count);
	blocks->count = (uint32_t)count;
	blocks->low = all[0].start;
	blocks->span = end_of(&all[count - 1]) - blocks->low;
	blocks->sizes = calloc(count, sizeof(*blocks->sizes));
	if (!blocks->sizes || find_regions(blocks, all))
		return -ENOMEM;
	blocks->lines = aligned_alloc(64, blocks->line_count * sizeof(*blocks->lines));
	if (!blocks->lines)
		return -ENOMEM;
	memset(blocks->lines, 0, blocks->line_count * sizeof(*blocks->lines));
	for (uint32_t i = 0; !error && i < blocks->count; i++) {
		if (region + 1 < blocks->region_count &&
		    blocks->regions[region + 1].first_block == i)
			region++;
		error = add_block(blocks, &blocks->regions[region], i, &all[i]);
	}
	count_lines(blocks);
	return error;
}

void blocks_clear(struct blocks *blocks)
{
	free(blocks->sizes);
	free(blocks->large);
	free(blocks->regions);
	free(blocks->lines);
	*blocks = (struct blocks){ 0 };
}

/* ---- look-up ------------------------------------------------------------------------- */

const struct block_region *blocks_region(const struct blocks *blocks, uint64_t address,
					 const struct block_region *hint)
{
	size_t low = 0, high = blocks->region_count;

	if (address - blocks->low >= blocks->span)
		return NULL;
	if (hint && address >= hint->start && address < hint->end)
		return hint;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (blocks->regions[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < blocks->regions[low - 1].end ? &blocks->regions[low - 1] : NULL;
}

/* The last large block that begins at or before the address. */
static const struct block *large_before(const struct blocks *blocks, uint64_t address)
{
	size_t low = 0, high = blocks->large_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (blocks->large[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &blocks->large[low - 1] : NULL;
}

static const struct block_place nothing = { .number = NO_BLOCK };

struct block_place blocks_place(const struct blocks *blocks, const struct block_region *region,
				struct block_begin begin)
{
	struct block_place place = { .number = begin.number };
	const struct block *large;

	if (begin.number == NO_BLOCK)
		return place;
	place.block.start = region->start + ((uint64_t)begin.granule << blocks->shift);
	place.block.size = blocks->sizes[begin.number];
	if (place.block.size != UINT16_MAX)
		return place;
	large = large_before(blocks, place.block.start);
	if (large)
		place.block = *large;
	return place;
}

/* Where the block with this number begins: somewhere before the word that `granule` is in. */
static uint32_t begin_before(const struct blocks *blocks, const struct block_region *region,
			     uint32_t number, uint32_t granule)
{
	uint64_t address = region->start + ((uint64_t)granule << blocks->shift);
	const struct block *large = NULL;

	/* A large one may begin very many words before. */
	if (blocks->sizes[number] == UINT16_MAX)
		large = large_before(blocks, address);
	if (large)
		return (uint32_t)((large->start - region->start) >> blocks->shift);
	for (uint32_t word = granule / 64; word--;) {
		uint64_t bits = blocks->lines[region->first_line + word / LINE_WORDS]
					.bits[word % LINE_WORDS];

		if (bits)
			return word * 64 + (uint32_t)highest_bit(bits);
	}
	return 0;
}

struct block_begin blocks_begin(const struct blocks *blocks, const struct block_region *region,
				uint64_t address)
{
	uint32_t granule = (uint32_t)((address - region->start) >> blocks->shift);
	uint32_t in_line = granule % LINE_GRANULES, word = in_line / 64;
	const struct block_line *line =
		&blocks->lines[region->first_line + granule / LINE_GRANULES];
	uint64_t bits = line->bits[word] & ((2ULL << in_line % 64) - 1);
	uint32_t count = line->rank + line->before[word] + (uint32_t)__builtin_popcountll(bits);
	struct block_begin begin = { .number = NO_BLOCK };

	if (count == region->first_block)
		return begin;
	begin.number = count - 1;
	if (bits)
		begin.granule = granule - in_line % 64 + (uint32_t)highest_bit(bits);
	else
		begin.granule = begin_before(blocks, region, begin.number, granule);
	return begin;
}

struct block_place blocks_before(const struct blocks *blocks, const struct block_region *region,
				 uint64_t address)
{
	return blocks_place(blocks, region, blocks_begin(blocks, region, address));
}

struct block_place blocks_next(const struct blocks *blocks, const struct block_region *region,
			       const struct block_place *place)
{
	uint64_t granule = ((place->block.start - region->start) >> blocks->shift) + 1;
	uint32_t number = place->number + 1;

	if (number >= region->first_block + region->block_count)
		return nothing;
	for (;; granule = (granule / LINE_GRANULES * LINE_GRANULES) +
			  (granule % LINE_GRANULES / 64 + 1) * 64) {
		const struct block_line *line =
			&blocks->lines[region->first_line + granule / LINE_GRANULES];
		unsigned in_line = (unsigned)(granule % LINE_GRANULES);
		uint64_t bits = line->bits[in_line / 64] >> in_line % 64;

		if (bits)
			return blocks_place(
				blocks, region,
				(struct block_begin){
					number,
					(uint32_t)(granule + (uint64_t)__builtin_ctzll(bits)) });
	}
}

struct block_place blocks_find_in(const struct blocks *blocks, const struct block_region *region,
				  uint64_t address)
{
	struct block_place place = blocks_before(blocks, region, address);
	uint64_t offset = address - place.block.start;

	return place.number != NO_BLOCK && (offset < place.block.size || !offset) ? place : nothing;
}

struct block_place blocks_find(const struct blocks *blocks, uint64_t address)
{
	const struct block_region *region = blocks_region(blocks, address, NULL);

	return region ? blocks_find_in(blocks, region, address) : nothing;
}
