/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages stand in blocks of 512 (2 MB of addresses), which are found by a hash. What a
 * call cuts is not taken out until it is known that the call went well: until the
 * thread's next event, until somebody touches a page there, or until all is settled.
 *
 * The first page of a block may have been a huge one, which is the block: it counts for
 * all of it, until another page of the block is touched.
 */
#include "trace/space_pages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/array.h"
#include "util/hash.h"

#define BLOCK_PAGES 512
#define BLOCK_SHIFT 21

struct page_block {
	uint64_t number;	     /* address >> BLOCK_SHIFT */
	uint32_t sites[BLOCK_PAGES]; /* number of the site + 1, 0: no page */
	uint32_t born[BLOCK_PAGES];  /* ticks since the first page's time */
	uint8_t shifts[BLOCK_PAGES];
	uint32_t used;
	bool is_huge; /* its one page is taken for a huge one, until another is touched */
	UT_hash_handle hh;
};

struct page_cut {
	uint32_t thread;
	uint64_t start;
	uint64_t end;
	uint64_t time_ns;
};

struct space_pages {
	uint64_t first_ns; /* when the first page was touched */
	struct page_block *blocks;
	struct book_sites sites;
	struct page_cut *cuts;
	size_t cut_count;
};

struct space_pages *space_pages_new(void)
{
	return calloc(1, sizeof(struct space_pages));
}

void space_pages_free(struct space_pages *pages)
{
	struct page_block *block, *next_block;

	if (!pages)
		return;
	HASH_ITER(hh, pages->blocks, block, next_block)
	{
		HASH_DEL(pages->blocks, block);
		free(block);
	}
	book_sites_clear(&pages->sites);
	free(pages->cuts);
	free(pages);
}

/* ---- blocks ------------------------------------------------------------------------- */

static struct page_block *find_block(const struct space_pages *pages, uint64_t number)
{
	struct page_block *block;

	HASH_FIND(hh, pages->blocks, &number, sizeof(number), block);
	return block;
}

static struct page_block *make_block(struct space_pages *pages, uint64_t number)
{
	struct page_block *block = find_block(pages, number);

	if (block)
		return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		return NULL;
	block->number = number;
	HASH_ADD(hh, pages->blocks, number, sizeof(block->number), block);
	if (!hash_has(block)) {
		free(block);
		return NULL;
	}
	return block;
}

static size_t slot_of(uint64_t address)
{
	return address >> WIRE_PAGE_SHIFT & (BLOCK_PAGES - 1);
}

/* The pages that a slot stands for. */
static uint64_t weight_of(const struct page_block *block, size_t slot)
{
	return block->is_huge ? (uint64_t)BLOCK_PAGES << block->shifts[slot]
			      : 1ULL << block->shifts[slot];
}

static struct book_site *site_of(struct space_pages *pages, const struct page_block *block,
				 size_t slot)
{
	return &pages->sites.all[block->sites[slot] - 1];
}

/* What was taken for a huge page was a small one. */
static void make_small(struct space_pages *pages, struct page_block *block)
{
	for (size_t slot = 0; slot < BLOCK_PAGES && block->is_huge; slot++) {
		uint64_t too_many;

		if (!block->sites[slot])
			continue;
		too_many = weight_of(block, slot);
		block->is_huge = false;
		too_many -= weight_of(block, slot);
		site_of(pages, block, slot)->acquired_count -= too_many;
		site_of(pages, block, slot)->acquired_bytes -= too_many << WIRE_PAGE_SHIFT;
	}
}

static void take_out(struct space_pages *pages, struct page_block *block, size_t slot)
{
	struct book_site *site = site_of(pages, block, slot);

	site->released_count += weight_of(block, slot);
	site->released_bytes += weight_of(block, slot) << WIRE_PAGE_SHIFT;
	block->sites[slot] = 0;
	block->used--;
	block->is_huge = false;
}

static void drop_empty(struct space_pages *pages, struct page_block *block)
{
	if (block->used)
		return;
	HASH_DEL(pages->blocks, block);
	free(block);
}

static void cut_block(struct space_pages *pages, struct page_block *block, uint64_t start,
		      uint64_t end)
{
	for (size_t slot = 0; slot < BLOCK_PAGES; slot++) {
		uint64_t address = (block->number << BLOCK_SHIFT) + (slot << WIRE_PAGE_SHIFT);

		if (block->sites[slot] && address >= start && address < end)
			take_out(pages, block, slot);
	}
	drop_empty(pages, block);
}

/* By the addresses or by the blocks that there are, whichever are fewer. */
static void cut_range(struct space_pages *pages, uint64_t start, uint64_t end)
{
	uint64_t first = start >> BLOCK_SHIFT, last = (end - 1) >> BLOCK_SHIFT;
	struct page_block *block, *next;

	if (end <= start)
		return;
	if (last - first < HASH_COUNT(pages->blocks)) {
		for (uint64_t number = first; number <= last; number++) {
			block = find_block(pages, number);
			if (block)
				cut_block(pages, block, start, end);
		}
		return;
	}
	HASH_ITER(hh, pages->blocks, block, next)
	{
		if (block->number >= first && block->number <= last)
			cut_block(pages, block, start, end);
	}
}

/* ---- cuts ---------------------------------------------------------------------------- */

static void drop_cut(struct space_pages *pages, size_t index)
{
	/* The array is grown by array_add(), which goes by the count's bits: it only shrinks whole.
	 */
	pages->cuts[index].end = pages->cuts[index].start;
	pages->cuts[index].thread = 0;
}

static void settle_cut(struct space_pages *pages, size_t index)
{
	struct page_cut cut = pages->cuts[index];

	drop_cut(pages, index);
	cut_range(pages, cut.start, cut.end);
}

static void settle_thread(struct space_pages *pages, uint32_t thread)
{
	for (size_t i = 0; i < pages->cut_count; i++)
		if (pages->cuts[i].thread == thread)
			settle_cut(pages, i);
}

void space_pages_settle(struct space_pages *pages, uint64_t time_ns)
{
	bool waits = false;

	for (size_t i = 0; i < pages->cut_count; i++) {
		if (pages->cuts[i].time_ns < time_ns)
			settle_cut(pages, i);
		else
			waits = true;
	}
	if (waits)
		return;
	free(pages->cuts);
	pages->cuts = NULL;
	pages->cut_count = 0;
}

static void add_cut(struct space_pages *pages, const struct wire_event_map *event)
{
	struct page_cut cut = { event->thread, event->start, event->start + event->bytes,
				event->head.time_ns };
	struct page_cut *slot = NULL;

	if (!event->continues)
		settle_thread(pages, event->thread);
	for (size_t i = 0; i < pages->cut_count && !slot; i++)
		if (!pages->cuts[i].thread)
			slot = &pages->cuts[i];
	if (!slot)
		slot = array_add(&pages->cuts, &pages->cut_count, sizeof(*slot));
	if (slot)
		*slot = cut;
	else
		cut_range(pages, cut.start, cut.end);
}

/* The call failed. */
static void give_back(struct space_pages *pages, uint32_t thread)
{
	for (size_t i = 0; i < pages->cut_count; i++)
		if (pages->cuts[i].thread == thread)
			drop_cut(pages, i);
}

static void move_page(struct space_pages *pages, uint64_t from, uint64_t to)
{
	struct page_block *old = find_block(pages, from >> BLOCK_SHIFT), *new;
	size_t old_slot = slot_of(from), new_slot = slot_of(to);

	if (!old || !old->sites[old_slot])
		return;
	new = make_block(pages, to >> BLOCK_SHIFT);
	if (!new)
		return;
	if (new->sites[new_slot])
		take_out(pages, new, new_slot);
	new->sites[new_slot] = old->sites[old_slot];
	new->shifts[new_slot] = old->shifts[old_slot];
	new->born[new_slot] = old->born[old_slot];
	new->used++;
	new->is_huge = old->is_huge &&new->used == 1;
	old->sites[old_slot] = 0;
	old->used--;
	old->is_huge = false;
	drop_empty(pages, old);
}

/* mremap(2): the pages go along, as far as the new range reaches. */
static void move(struct space_pages *pages, const struct wire_event_map *event)
{
	uint64_t bytes = event->bytes < event->old_bytes ? event->bytes : event->old_bytes;

	for (size_t i = 0; i < pages->cut_count; i++) {
		if (pages->cuts[i].thread != event->thread)
			continue;
		/* Its target, if that was given. */
		if (pages->cuts[i].start != event->old_start) {
			settle_cut(pages, i);
			continue;
		}
		drop_cut(pages, i);
		if (event->old_start == event->start) {
			cut_range(pages, event->start + bytes, event->start + event->old_bytes);
			continue;
		}
		for (uint64_t at = 0; at < bytes; at += 1ULL << WIRE_PAGE_SHIFT)
			move_page(pages, event->old_start + at, event->start + at);
		cut_range(pages, event->old_start, event->old_start + event->old_bytes);
	}
}

void space_pages_mapped(struct space_pages *pages, const struct wire_event_map *event)
{
	switch ((enum wire_map_op)event->op) {
	case WIRE_MAP_CUT:
		add_cut(pages, event);
		break;
	case WIRE_MAP_BACK:
		give_back(pages, event->thread);
		break;
	case WIRE_MAP_PUT:
		settle_thread(pages, event->thread);
		break;
	case WIRE_MAP_MOVE:
		move(pages, event);
		break;
	case WIRE_MAP_BREAK:
		break;
	case WIRE_MAP_DISCARD:
		cut_range(pages, event->start, event->start + event->bytes);
		break;
	}
}

/* ---- pages ----------------------------------------------------------------------------- */

/* A page in a range that a call has cut: the range is gone, somebody has it anew. */
static void settle_around(struct space_pages *pages, uint64_t address)
{
	for (size_t i = 0; i < pages->cut_count; i++)
		if (address >= pages->cuts[i].start && address < pages->cuts[i].end)
			settle_cut(pages, i);
}

int space_pages_touched(struct space_pages *pages, const struct wire_event_page *event)
{
	size_t slot = slot_of(event->address);
	struct page_block *block;
	uint32_t number;

	settle_around(pages, event->address);
	block = make_block(pages, event->address >> BLOCK_SHIFT);
	if (!block)
		return -ENOMEM;
	/* A page that is written again, after a fork say, is who touched it first's. */
	if (block->sites[slot])
		return 0;
	make_small(pages, block);
	if (book_sites_find(&pages->sites, event->tag, event->check, ROLE_HELD, &number)) {
		drop_empty(pages, block);
		return -ENOMEM;
	}
	block->sites[slot] = number + 1;
	block->shifts[slot] = event->shift < 32 ? (uint8_t)event->shift : 0;
	block->used++;
	if (!pages->first_ns)
		pages->first_ns = event->head.time_ns;
	block->born[slot] = (uint32_t)((event->head.time_ns - pages->first_ns) >> WIRE_TICK_SHIFT);
	block->is_huge = event->huge && block->used == 1;
	book_site_acquire(&pages->sites.all[number], weight_of(block, slot),
			  weight_of(block, slot) << WIRE_PAGE_SHIFT, event->head.time_ns);
	return 0;
}

const struct book_site *space_pages_sites(const struct space_pages *pages, size_t *count)
{
	*count = pages->sites.count;
	return pages->sites.all;
}

static struct touched_page describe(const struct space_pages *pages, const struct page_block *block,
				    size_t slot)
{
	return (struct touched_page){
		.address = (block->number << BLOCK_SHIFT) + (slot << WIRE_PAGE_SHIFT),
		.pages = weight_of(block, slot),
		.born_ns = pages->first_ns + ((uint64_t)block->born[slot] << WIRE_TICK_SHIFT),
		.site = block->sites[slot] - 1,
	};
}

void space_pages_each(const struct space_pages *pages,
		      void (*visit)(const struct touched_page *page, void *context), void *context)
{
	const struct page_block *block;

	for (block = pages->blocks; block; block = block->hh.next) {
		for (size_t slot = 0; slot < BLOCK_PAGES; slot++) {
			struct touched_page page;

			if (!block->sites[slot])
				continue;
			page = describe(pages, block, slot);
			visit(&page, context);
		}
	}
}
