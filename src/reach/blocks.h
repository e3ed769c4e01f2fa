/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which block an address is in, for very many addresses: a bit for each granule of the
 * memory that blocks are in, with the number of bits before it (a rank structure; Jacobson
 * 1989). A look-up is one line of cache for the bits and one for the block.
 */
#ifndef LEAKTRACE_REACH_BLOCKS_H
#define LEAKTRACE_REACH_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block {
	uint64_t start;
	uint64_t size; /* bytes; one of size 0 is found by its start alone */
};

/* 64 bytes: the bits of 384 granules. */
struct block_line {
	uint64_t bits[6];
	uint32_t rank;	 /* blocks that begin before this line */
	uint16_t sub[6]; /* before each word, in this line */
};

/* Blocks that are near each other. */
struct block_region {
	uint64_t start; /* of the first granule */
	uint64_t end;	/* of the last block */
	size_t first_line;
	uint32_t first_block;
};

struct blocks {
	unsigned shift; /* of a granule: each block begins at one */
	uint32_t count;
	uint32_t *starts; /* in granules, from their region's start */
	uint32_t *sizes;  /* UINT32_MAX: it is in `large` */
	struct block *large;
	size_t large_count;
	struct block_region *regions;
	size_t region_count;
	struct block_line *lines;
	size_t line_count;
	uint64_t low; /* all blocks are in [low, low + span) */
	uint64_t span;
};

#define NO_BLOCK UINT32_MAX

/*
 * `all` is sorted by start; blocks do not overlap, and no two begin at one address. Returns 0,
 * -EINVAL when that is not so or there are 2^32 - 1 or more, or -ENOMEM. `blocks` is to be
 * cleared in any case.
 */
int blocks_build(struct blocks *blocks, const struct block *all, size_t count);
void blocks_clear(struct blocks *blocks);

/* The region that an address may be in, NULL: in none. `hint` is the one of the last look-up. */
const struct block_region *blocks_region(const struct blocks *blocks, uint64_t address,
					 const struct block_region *hint);

/* The block that holds the address, NO_BLOCK: none does. `*offset`: of the address in it. */
uint32_t blocks_find_in(const struct blocks *blocks, const struct block_region *region,
			uint64_t address, uint64_t *offset);
uint32_t blocks_find(const struct blocks *blocks, uint64_t address, uint64_t *offset);

/* The last block that begins at or before the address, in this region; NO_BLOCK: none does. */
uint32_t blocks_before(const struct blocks *blocks, const struct block_region *region,
		       uint64_t address);

/* The line that a look-up will read, to be fetched in advance. */
static inline const struct block_line *
blocks_line(const struct blocks *blocks, const struct block_region *region, uint64_t address)
{
	return &blocks->lines[region->first_line +
			      ((address - region->start) >> blocks->shift) / 384];
}

/* The block of a number. */
struct block blocks_get(const struct blocks *blocks, const struct block_region *region,
			uint32_t number);
/* The region of a block. */
const struct block_region *blocks_region_of(const struct blocks *blocks, uint32_t number);

#endif
