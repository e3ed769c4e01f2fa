/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reach/graph.h"

#include <errno.h>
#include <stdlib.h>

#include "reach/graph_state.h"
#include "util/array.h"

int graph_new(const struct block *all, size_t count, unsigned heuristics, struct graph **result)
{
	struct graph *graph = calloc(1, sizeof(*graph));
	int error;

	if (!graph)
		return -ENOMEM;
	graph->heuristics = heuristics;
	graph->object = NO_BLOCK;
	error = blocks_build(&graph->blocks, all, count);
	if (!error) {
		graph->flags = calloc(count + 1, 1);
		error = graph->flags ? edges_begin(&graph->edges, (uint32_t)count) : -ENOMEM;
	}
	if (error) {
		graph_free(graph);
		return error;
	}
	*result = graph;
	return 0;
}

void graph_free(struct graph *graph)
{
	if (!graph)
		return;
	blocks_clear(&graph->blocks);
	edges_clear(&graph->edges);
	free(graph->flags);
	free(graph->stack);
	free(graph->inner);
	free(graph->root_words);
	free(graph);
}

uint32_t graph_count(const struct graph *graph)
{
	return graph->blocks.count;
}

uint32_t graph_find(const struct graph *graph, uint64_t address)
{
	return blocks_find(&graph->blocks, address).number;
}

/* ---- pointers as they come by --------------------------------------------------------- */

void graph_set_tables(struct graph *graph, const struct graph_tables *tables)
{
	if (graph->heuristics & HEURISTIC_INHERITANCE)
		graph->tables = *tables;
}

static enum edge_kind kind_of(const struct graph *graph, uint64_t offset)
{
	switch (offset) {
	case 0:
		return EDGE_START;
	case LENGTH_OFFSET:
		return EDGE_AT_LENGTH;
	case STDSTRING_OFFSET:
		return EDGE_AT_STRING;
	default:
		return graph->tables.is_table && offset % WORD == 0 &&
				       offset / WORD < EDGE_WORDS_MAX
			       ? EDGE_AT_WORD
			       : EDGE_INTERIOR;
	}
}

static void add_word(struct graph *graph, struct inner_object **list, size_t *count, uint32_t block,
		     uint64_t offset)
{
	struct inner_object *slot = array_add(list, count, sizeof(*slot));

	if (slot)
		*slot = (struct inner_object){ block, (uint32_t)(offset / WORD) };
	else
		graph->error = -ENOMEM;
}

static void note_root(struct graph *graph, uint32_t target, enum edge_kind kind)
{
	static const uint8_t flags[] = {
		[EDGE_START] = FLAG_START,	   [EDGE_INTERIOR] = FLAG_INTERIOR,
		[EDGE_AT_LENGTH] = FLAG_AT_LENGTH, [EDGE_AT_STRING] = FLAG_AT_STRING,
		[EDGE_AT_WORD] = FLAG_INTERIOR,
	};

	graph->flags[target] |= flags[kind];
}

/* In its block, if that is large enough. */
static uint64_t offset_of(const struct graph *graph, const struct pending *pending)
{
	return pending->word - pending->region->start -
	       ((uint64_t)pending->begin.granule << graph->blocks.shift);
}

static void note_pointer(struct graph *graph, const struct pending *pending)
{
	uint32_t target = pending->begin.number;
	uint64_t offset;
	enum edge_kind kind;

	/* What points to itself is reached no better for it. */
	if (target == NO_BLOCK || target == pending->source)
		return;
	offset = offset_of(graph, pending);
	if (offset &&
	    offset >= blocks_place(&graph->blocks, pending->region, pending->begin).block.size)
		return;
	kind = kind_of(graph, offset);
	if (pending->source != NO_BLOCK) {
		if (edges_add(&graph->edges, pending->source, target, kind,
			      (uint32_t)(offset / WORD)))
			graph->error = -ENOMEM;
		return;
	}
	note_root(graph, target, kind);
	if (graph->tables.is_table && kind != EDGE_START && offset % WORD == 0)
		add_word(graph, &graph->root_words, &graph->root_word_count, target, offset);
}

static void flush(struct graph *graph)
{
	const struct blocks *blocks = &graph->blocks;

	for (size_t i = 0; i < graph->pending_count; i++)
		__builtin_prefetch(
			blocks_line(blocks, graph->pending[i].region, graph->pending[i].word));
	for (size_t i = 0; i < graph->pending_count; i++) {
		struct pending *pending = &graph->pending[i];

		pending->begin = blocks_begin(blocks, pending->region, pending->word);
		/* Most point to a start: then the size does not matter. */
		if (pending->begin.number != NO_BLOCK && offset_of(graph, pending))
			__builtin_prefetch(&blocks->sizes[pending->begin.number]);
	}
	for (size_t i = 0; i < graph->pending_count; i++)
		note_pointer(graph, &graph->pending[i]);
	graph->pending_count = 0;
}

static void take_word(struct graph *graph, uint64_t word, uint32_t source)
{
	const struct block_region *region = blocks_region(&graph->blocks, word, graph->hint);

	if (!region)
		return;
	graph->hint = region;
	graph->pending[graph->pending_count++] = (struct pending){
		.word = word,
		.region = region,
		.source = source,
	};
	if (graph->pending_count == BATCH)
		flush(graph);
}

void graph_root_words(struct graph *graph, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] - graph->blocks.low < graph->blocks.span)
			take_word(graph, words[i], NO_BLOCK);
	flush(graph);
}

void graph_root_start(struct graph *graph, uint64_t address)
{
	struct block_place target = blocks_find(&graph->blocks, address);

	if (target.number != NO_BLOCK)
		graph->flags[target.number] |= FLAG_START;
}

/* ---- memory of blocks ------------------------------------------------------------------- */

/*
 * Does a block begin as the heuristics want it: with the length of the rest; the number of
 * elements that the rest is divided into; a string's length and capacity, which make up the
 * block with what is before the text and the 0 behind it.
 */
static void look_at_head(struct graph *graph, uint32_t number, uint64_t size)
{
	uint64_t first = graph->head[0], second = graph->head[1];

	if ((graph->heuristics & HEURISTIC_LENGTH64) && first && size - LENGTH_OFFSET == first)
		graph->flags[number] |= FLAG_IS_LENGTH;
	if ((graph->heuristics & HEURISTIC_NEWARRAY) && first && first <= size - LENGTH_OFFSET &&
	    (size - LENGTH_OFFSET) % first == 0)
		graph->flags[number] |= FLAG_IS_LENGTH;
	if ((graph->heuristics & HEURISTIC_STDSTRING) && size > STDSTRING_OFFSET &&
	    first <= second && second == size - STDSTRING_OFFSET - 1)
		graph->flags[number] |= FLAG_IS_STRING;
}

/* An address in a block's memory is none of a table: most first words are that, or small. */
static bool is_table(struct graph *graph, uint64_t word)
{
	const struct graph_tables *tables = &graph->tables;

	return word - tables->low < tables->span && tables->is_table &&
	       !blocks_region(&graph->blocks, word, graph->hint) &&
	       tables->is_table(word, tables->context);
}

/* Objects in an object, and its own beginning: each begins with the address of its table. */
static void take_objects(struct graph *graph, uint32_t number, const struct block *block,
			 uint64_t from, uint64_t until, const uint64_t *words)
{
	if (from == block->start && until >= from + WORD)
		graph->object = is_table(graph, words[0]) ? number : NO_BLOCK;
	if (graph->object != number)
		return;
	for (uint64_t at = from; at + WORD <= until; at += WORD, words++)
		if (at != block->start && at - block->start < EDGE_WORDS_MAX * WORD &&
		    is_table(graph, *words))
			add_word(graph, &graph->inner, &graph->inner_count, number,
				 at - block->start);
}

/* Its first words, which may come with two pieces. */
static void take_head(struct graph *graph, uint32_t number, const struct block *block,
		      uint64_t address, const uint64_t *words, uint64_t until)
{
	for (size_t i = 0; i < HEAD_WORDS; i++) {
		uint64_t at = block->start + i * WORD;

		if (at < address || at + WORD > until)
			continue;
		graph->head[i] = words[(at - address) / WORD];
		if (i == HEAD_WORDS - 1)
			look_at_head(graph, number, block->size);
	}
}

/* Few words are pointers: so many are turned away at a time. */
#define GROUP 8

static void take_words(struct graph *graph, uint32_t number, const uint64_t *words, size_t count)
{
	uint64_t low = graph->blocks.low, span = graph->blocks.span;
	size_t i = 0;

	for (; i + GROUP <= count; i += GROUP) {
		bool any = false;

		for (size_t k = 0; k < GROUP; k++)
			any |= words[i + k] - low < span;
		for (size_t k = 0; any && k < GROUP; k++)
			if (words[i + k] - low < span)
				take_word(graph, words[i + k], number);
	}
	for (; i < count; i++)
		if (words[i] - low < span)
			take_word(graph, words[i], number);
}

/*
 * The words of one block that are in this piece: pointers are where their alignment puts
 * them, and a word at the end that is not all of the block's is none of its.
 */
static void take_block(struct graph *graph, uint32_t number, const struct block *block,
		       uint64_t address, const uint64_t *words, size_t count)
{
	uint64_t from = address > block->start ? address : (block->start + WORD - 1) / WORD * WORD;
	uint64_t until = address + count * WORD, end = block->start + block->size;

	if (until > end)
		until = end;
	if (block->start % WORD == 0 && from < block->start + HEAD_WORDS * WORD)
		take_head(graph, number, block, address, words, until);
	if (graph->tables.is_table && block->start % WORD == 0)
		take_objects(graph, number, block, from, until, words + (from - address) / WORD);
	take_words(graph, number, words + (from - address) / WORD,
		   from < until ? (until - from) / WORD : 0);
}

/* A piece of memory under way. */
struct piece {
	uint64_t address;
	uint64_t end;
	const uint64_t *words;
	size_t count;
	uint64_t done; /* up to here */
	enum graph_outside outside;
};

/* What is in no block, up to `until`. */
static void take_outside(struct graph *graph, struct piece *piece, uint64_t until)
{
	uint64_t low = graph->blocks.low, span = graph->blocks.span;

	for (; piece->done + WORD <= until && piece->outside; piece->done += WORD) {
		uint64_t word = piece->words[(piece->done - piece->address) / WORD];

		if (word - low >= span)
			continue;
		if (piece->outside == OUTSIDE_STARTS)
			graph_root_start(graph, word);
		else
			take_word(graph, word, NO_BLOCK);
	}
}

/* The blocks of one region that reach into this piece. */
static void take_region(struct graph *graph, const struct block_region *region, struct piece *piece)
{
	uint64_t address = piece->address;
	struct block_place place = blocks_before(&graph->blocks, region,
						 address > region->start ? address : region->start);

	while (place.number != NO_BLOCK && place.block.start < piece->end) {
		uint64_t end = place.block.start + place.block.size;

		if (end > address) {
			take_outside(graph, piece, place.block.start);
			take_block(graph, place.number, &place.block, address, piece->words,
				   piece->count);
			piece->done = (end + WORD - 1) / WORD * WORD;
		}
		place = blocks_next(&graph->blocks, region, &place);
	}
}

/* Pieces come in order: what has ended before this one is not looked at again. */
static void skip_regions(struct graph *graph, uint64_t address)
{
	while (graph->next_region < graph->blocks.region_count &&
	       graph->blocks.regions[graph->next_region].end <= address)
		graph->next_region++;
}

bool graph_has_blocks(struct graph *graph, uint64_t start, uint64_t end)
{
	struct block_place place;
	const struct block_region *region;

	skip_regions(graph, start);
	if (graph->next_region == graph->blocks.region_count)
		return false;
	region = &graph->blocks.regions[graph->next_region];
	if (region->start >= start)
		return region->start < end;
	place = blocks_before(&graph->blocks, region, start);
	if (place.number == NO_BLOCK || place.block.start + place.block.size > start)
		return true;
	place = blocks_next(&graph->blocks, region, &place);
	return place.number != NO_BLOCK && place.block.start < end;
}

int graph_memory(struct graph *graph, uint64_t address, const uint64_t *words, size_t count,
		 enum graph_outside outside)
{
	struct piece piece = { address, address + count * WORD, words, count, address, outside };

	if (address % WORD || address < graph->next_address)
		return -EINVAL;
	graph->next_address = piece.end;
	skip_regions(graph, address);
	for (size_t i = graph->next_region; i < graph->blocks.region_count; i++) {
		if (graph->blocks.regions[i].start >= piece.end)
			break;
		take_region(graph, &graph->blocks.regions[i], &piece);
	}
	take_outside(graph, &piece, piece.end);
	flush(graph);
	return graph->error;
}
