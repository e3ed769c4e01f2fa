/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the walks over the graph, in the order and by the rules that make Valgrind's classes. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "reach/graph_state.h"

#define STACK_FIRST 1024

static enum reach_class class_of(const struct graph *graph, uint32_t number)
{
	return (enum reach_class)(graph->flags[number] >> FLAG_CLASS_SHIFT);
}

/* Each block is pushed when it gets its class, so at most once a walk. */
static void push(struct graph *graph, uint32_t number)
{
	if (graph->stack_count == graph->stack_room) {
		size_t room = graph->stack_room ? graph->stack_room * 2 : STACK_FIRST;
		uint32_t *stack = reallocarray(graph->stack, room, sizeof(*stack));

		if (!stack) {
			graph->error = -ENOMEM;
			return;
		}
		graph->stack = stack;
		graph->stack_room = room;
	}
	graph->stack[graph->stack_count++] = number;
}

static void set_class(struct graph *graph, uint32_t number, enum reach_class class)
{
	graph->flags[number] = (uint8_t)((graph->flags[number] & ((1 << FLAG_CLASS_SHIFT) - 1)) |
					 class << FLAG_CLASS_SHIFT);
	push(graph, number);
}

/* A pointer to the start, or one that a heuristic takes for it. */
static bool is_start(const struct graph *graph, uint32_t target, enum edge_kind kind)
{
	switch (kind) {
	case EDGE_START:
		return true;
	case EDGE_AT_LENGTH:
		return graph->flags[target] & FLAG_IS_LENGTH;
	case EDGE_AT_STRING:
		return graph->flags[target] & FLAG_IS_STRING;
	case EDGE_AT_WORD:
	case EDGE_INTERIOR:
		break;
	}
	return false;
}

static int compare_words(const void *left, const void *right)
{
	const struct inner_object *a = left, *b = right;

	if (a->block != b->block)
		return a->block < b->block ? -1 : 1;
	return (a->word > b->word) - (a->word < b->word);
}

/* Whether an object in the block's object begins there. */
static bool is_inner(const struct graph *graph, uint32_t block, uint32_t word)
{
	const struct inner_object key = { block, word };

	return graph->inner_count && bsearch(&key, graph->inner, graph->inner_count,
					     sizeof(*graph->inner), compare_words);
}

static uint32_t word_of(const struct edge_walk *edge)
{
	return edge->kind == EDGE_AT_WORD     ? edge->word
	       : edge->kind == EDGE_AT_LENGTH ? LENGTH_OFFSET / WORD
					      : STDSTRING_OFFSET / WORD;
}

static bool leads_to_start(const struct graph *graph, const struct edge_walk *edge)
{
	if (is_start(graph, edge->target, edge->kind))
		return true;
	return edge->kind != EDGE_INTERIOR && is_inner(graph, edge->target, word_of(edge));
}

static bool is_rooted(const struct graph *graph, uint32_t number)
{
	uint8_t flags = graph->flags[number];

	return flags & FLAG_START || ((flags & FLAG_AT_LENGTH) && (flags & FLAG_IS_LENGTH)) ||
	       ((flags & FLAG_AT_STRING) && (flags & FLAG_IS_STRING));
}

static void walk_reachable(struct graph *graph, uint32_t first)
{
	set_class(graph, first, REACH_REACHABLE);
	while (graph->stack_count) {
		struct edge_walk edges =
			edges_of(&graph->edges, graph->stack[--graph->stack_count]);

		while (edges_next(&edges))
			if (class_of(graph, edges.target) != REACH_REACHABLE &&
			    leads_to_start(graph, &edges))
				set_class(graph, edges.target, REACH_REACHABLE);
	}
}

/* What a possible block points to, wherever, is no better than possible. */
static void walk_possible(struct graph *graph, uint32_t first)
{
	set_class(graph, first, REACH_POSSIBLE);
	while (graph->stack_count) {
		struct edge_walk edges =
			edges_of(&graph->edges, graph->stack[--graph->stack_count]);

		while (edges_next(&edges))
			if (class_of(graph, edges.target) == REACH_DEFINITE)
				set_class(graph, edges.target, REACH_POSSIBLE);
	}
}

/* Roots and reachable blocks that point into the middle of others. */
static void find_possible(struct graph *graph, uint32_t number)
{
	const uint8_t interior = FLAG_INTERIOR | FLAG_AT_LENGTH | FLAG_AT_STRING;
	struct edge_walk edges = edges_of(&graph->edges, number);

	if (class_of(graph, number) == REACH_DEFINITE && (graph->flags[number] & interior))
		walk_possible(graph, number);
	if (class_of(graph, number) != REACH_REACHABLE)
		return;
	while (edges_next(&edges))
		if (class_of(graph, edges.target) == REACH_DEFINITE)
			walk_possible(graph, edges.target);
}

/*
 * What is left, in order of address: each block takes all that it leads to, also what led
 * others until then. Of a cycle the first stays. The pointers of what has been taken are
 * needed no more: who leads it is kept in their place.
 */
static void walk_clique(struct graph *graph, uint32_t leader)
{
	push(graph, leader);
	while (graph->stack_count) {
		uint32_t source = graph->stack[--graph->stack_count];
		struct edge_walk edges = edges_of(&graph->edges, source);

		while (edges_next(&edges))
			if (edges.target != leader &&
			    class_of(graph, edges.target) == REACH_DEFINITE)
				set_class(graph, edges.target, REACH_INDIRECT);
		if (source != leader)
			edges_replace(&graph->edges, source, leader);
	}
}

/* Who leads a block may be led by another: all of such a chain get its end. */
static void settle_leader(struct graph *graph, uint32_t number)
{
	uint32_t end = number, next;

	while (class_of(graph, end) == REACH_INDIRECT)
		end = edges_replaced(&graph->edges, end);
	for (; class_of(graph, number) == REACH_INDIRECT; number = next) {
		next = edges_replaced(&graph->edges, number);
		edges_replace(&graph->edges, number, end);
	}
}

int graph_judge(struct graph *graph)
{
	uint32_t count = graph->blocks.count;
	int error = edges_finish(&graph->edges);

	if (error)
		return error;
	for (uint32_t i = 0; i < count; i++)
		if (class_of(graph, i) != REACH_REACHABLE && is_rooted(graph, i))
			walk_reachable(graph, i);
	for (size_t i = 0; i < graph->root_word_count; i++) {
		const struct inner_object *root = &graph->root_words[i];

		if (class_of(graph, root->block) != REACH_REACHABLE &&
		    is_inner(graph, root->block, root->word))
			walk_reachable(graph, root->block);
	}
	for (uint32_t i = 0; i < count; i++)
		find_possible(graph, i);
	for (uint32_t i = 0; i < count; i++)
		if (class_of(graph, i) == REACH_DEFINITE)
			walk_clique(graph, i);
	for (uint32_t i = 0; !graph->error && i < count; i++)
		settle_leader(graph, i);
	free(graph->stack);
	graph->stack = NULL;
	graph->stack_room = 0;
	/* Results are told by classes and leaders. */
	edges_drop(&graph->edges);
	return graph->error;
}

struct graph_result graph_result(const struct graph *graph, uint32_t number)
{
	enum reach_class class = class_of(graph, number);

	return (struct graph_result){
		.class = class,
		.leader = class == REACH_INDIRECT ? edges_replaced(&graph->edges, number) : number,
	};
}
