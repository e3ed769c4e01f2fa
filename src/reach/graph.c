/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reach/graph.h"

#include <errno.h>
#include <stdlib.h>

#include "reach/graph_state.h"

#define WORD 8
#define STDSTRING_OFFSET 24
#define LENGTH_OFFSET 8

int graph_new(const struct block *all, size_t count, unsigned heuristics, struct graph **result)
{
	struct graph *graph = calloc(1, sizeof(*graph));
	int error;

	if (!graph)
		return -ENOMEM;
	graph->heuristics = heuristics;
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
	free(graph->leaders);
	free(graph->stack);
	free(graph);
}

size_t graph_bytes(const struct graph *graph)
{
	return graph->blocks.count * (2 * sizeof(uint32_t) + 1) +
	       graph->blocks.line_count * sizeof(struct block_line) + edges_bytes(&graph->edges);
}

/* ---- pointers as they come by --------------------------------------------------------- */

static enum edge_kind kind_of(uint64_t offset)
{
	switch (offset) {
	case 0:
		return EDGE_START;
	case LENGTH_OFFSET:
		return EDGE_AT_LENGTH;
	case STDSTRING_OFFSET:
		return EDGE_AT_STRING;
	default:
		return EDGE_INTERIOR;
	}
}

static void note_root(struct graph *graph, uint32_t target, enum edge_kind kind)
{
	static const uint8_t flags[] = {
		[EDGE_START] = FLAG_START,
		[EDGE_INTERIOR] = FLAG_INTERIOR,
		[EDGE_AT_LENGTH] = FLAG_AT_LENGTH,
		[EDGE_AT_STRING] = FLAG_AT_STRING,
	};

	graph->flags[target] |= flags[kind];
}

static void flush(struct graph *graph)
{
	for (size_t i = 0; i < graph->pending_count; i++)
		__builtin_prefetch(blocks_line(&graph->blocks, graph->pending[i].region,
					       graph->pending[i].word));
	for (size_t i = 0; i < graph->pending_count; i++) {
		const struct pending *pending = &graph->pending[i];
		uint64_t offset;
		uint32_t target =
			blocks_find_in(&graph->blocks, pending->region, pending->word, &offset);

		if (target == NO_BLOCK)
			continue;
		if (pending->source == NO_BLOCK)
			note_root(graph, target, kind_of(offset));
		else if (edges_add(&graph->edges, pending->source, target, kind_of(offset)))
			graph->error = -ENOMEM;
	}
	graph->pending_count = 0;
}

static void take_word(struct graph *graph, uint64_t word, uint32_t source)
{
	const struct block_region *region = blocks_region(&graph->blocks, word, graph->hint);

	if (!region)
		return;
	graph->hint = region;
	graph->pending[graph->pending_count++] = (struct pending){ word, region, source };
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
	uint64_t offset;
	uint32_t target = blocks_find(&graph->blocks, address, &offset);

	if (target != NO_BLOCK)
		graph->flags[target] |= FLAG_START;
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

/* The words of one block that are in this piece. */
static void take_block(struct graph *graph, uint32_t number, const struct block *block,
		       uint64_t address, const uint64_t *words, size_t count)
{
	/* A word at the end that is not all of the block's is none of its pointers. */
	uint64_t whole = block->size - block->size % WORD;
	uint64_t from = address > block->start ? address : block->start;
	uint64_t until = address + count * WORD;

	if (until > block->start + whole)
		until = block->start + whole;
	/* Pointers are where their alignment puts them. */
	for (from = (from + WORD - 1) / WORD * WORD; from + WORD <= until; from += WORD) {
		uint64_t word = words[(from - address) / WORD];
		uint64_t index = (from - block->start) / WORD;

		if (index < HEAD_WORDS)
			graph->head[index] = word;
		if (index == HEAD_WORDS - 1 && block->size >= HEAD_WORDS * WORD)
			look_at_head(graph, number, block->size);
		if (word - graph->blocks.low < graph->blocks.span)
			take_word(graph, word, number);
	}
}

int graph_memory(struct graph *graph, uint64_t address, const uint64_t *words, size_t count)
{
	uint64_t end = address + count * WORD;
	const struct block_region *region;
	size_t region_number = 0;

	if (address % WORD || address < graph->next_address)
		return -EINVAL;
	graph->next_address = end;
	for (; region_number < graph->blocks.region_count; region_number++) {
		uint32_t number, limit;

		region = &graph->blocks.regions[region_number];
		if (region->end <= address)
			continue;
		if (region->start >= end)
			break;
		limit = region_number + 1 < graph->blocks.region_count ? region[1].first_block
								       : graph->blocks.count;
		number = address > region->start ? blocks_before(&graph->blocks, region, address)
						 : region->first_block;
		for (; number < limit; number++) {
			struct block block = blocks_get(&graph->blocks, region, number);

			if (block.start >= end)
				break;
			if (block.start + block.size > address)
				take_block(graph, number, &block, address, words, count);
		}
	}
	flush(graph);
	return graph->error;
}
