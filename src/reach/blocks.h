/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which block an address is in, for very many addresses: a bit for each granule of the
 * memory that blocks are in, with the number of bits before it (a rank structure; Jacobson
 * 1989). A look-up is one line of cache for the bits and one for the block's size; where a
 * block begins is its bit's place.
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

#define LINE_WORDS 6
#define LINE_GRANULES (LINE_WORDS * 64)

/* 64 bytes. */
struct block_line {
	uint64_t bits[LINE_WORDS];
	uint32_t rank;		     /* blocks that begin before this line */
	uint16_t before[LINE_WORDS]; /* and in it before each word */
};

/* Blocks that are near each other. */
struct block_region {
	uint64_t start; /* of the first granule */
	uint64_t end;	/* of the last block */
	size_t first_line;
	uint32_t first_block;
	uint32_t block_count;
};

struct blocks {
	unsigned shift; /* of a granule: each block begins at one */
	uint32_t count;
	uint16_t *sizes;     /* UINT16_MAX: it is in `large` */
	struct block *large; /* by start */
	size_t large_count;
	struct block_region *regions;
	size_t region_count;
	struct block_line *lines;
	size_t line_count;
	uint64_t low; /* all blocks are in [low, low + span) */
	uint64_t span;
};

#define NO_BLOCK UINT32_MAX

/* A block that was looked up. */
struct block_place {
	uint32_t number; /* in the order of addresses; NO_BLOCK: there is none */
	struct block block;
};

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

/* The block that holds the address. */
struct block_place blocks_find_in(const struct blocks *blocks, const struct block_region *region,
				  uint64_t address);
struct block_place blocks_find(const struct blocks *blocks, uint64_t address);

/* Where a block begins, by its bit alone. */
struct block_begin {
	uint32_t number; /* NO_BLOCK: there is none */
	uint32_t granule;
};

/* The last block of the region that begins at or before the address; and what it is. */
struct block_begin blocks_begin(const struct blocks *blocks, const struct block_region *region,
				uint64_t address);
struct block_place blocks_place(const struct blocks *blocks, const struct block_region *region,
				struct block_begin begin);
struct block_place blocks_before(const struct blocks *blocks, const struct block_region *region,
				 uint64_t address);
/* The block of the region that follows; `place` is one of it. */
struct block_place blocks_next(const struct blocks *blocks, const struct block_region *region,
			       const struct block_place *place);

/* The line that a look-up will read, to be fetched in advance. */
static inline const struct block_line *
blocks_line(const struct blocks *blocks, const struct block_region *region, uint64_t address)
{
	return &blocks->lines[region->first_line +
			      ((address - region->start) >> blocks->shift) / LINE_GRANULES];
}

#endif
