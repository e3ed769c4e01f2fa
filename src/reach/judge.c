/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the walks over the graph, in the order and by the rules that make Valgrind's classes. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "reach/graph_state.h"

static enum reach_class class_of(const struct graph *graph, uint32_t number)
{
	return (enum reach_class)(graph->flags[number] >> FLAG_CLASS_SHIFT);
}

/* Each block is pushed when it gets its class, so at most once a walk. */
static void push(struct graph *graph, uint32_t number, enum reach_class class)
{
	graph->flags[number] = (uint8_t)((graph->flags[number] & ((1 << FLAG_CLASS_SHIFT) - 1)) |
					 class << FLAG_CLASS_SHIFT);
	graph->stack[graph->stack_count++] = number;
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
	case EDGE_INTERIOR:
		break;
	}
	return false;
}

static bool is_rooted(const struct graph *graph, uint32_t number)
{
	uint8_t flags = graph->flags[number];

	return flags & FLAG_START || ((flags & FLAG_AT_LENGTH) && (flags & FLAG_IS_LENGTH)) ||
	       ((flags & FLAG_AT_STRING) && (flags & FLAG_IS_STRING));
}

static void walk_reachable(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->blocks.count; i++)
		if (class_of(graph, i) != REACH_REACHABLE && is_rooted(graph, i)) {
			push(graph, i, REACH_REACHABLE);
			while (graph->stack_count) {
				uint32_t source = graph->stack[--graph->stack_count], target;
				uint64_t at = edges_first(&graph->edges, source);
				enum edge_kind kind;

				while (edges_next(&graph->edges, source, &at, &target, &kind))
					if (class_of(graph, target) != REACH_REACHABLE &&
					    is_start(graph, target, kind))
						push(graph, target, REACH_REACHABLE);
			}
		}
}

/* What a possible block points to, wherever, is no better than possible. */
static void walk_possible(struct graph *graph, uint32_t first)
{
	push(graph, first, REACH_POSSIBLE);
	while (graph->stack_count) {
		uint32_t source = graph->stack[--graph->stack_count], target;
		uint64_t at = edges_first(&graph->edges, source);
		enum edge_kind kind;

		while (edges_next(&graph->edges, source, &at, &target, &kind))
			if (class_of(graph, target) == REACH_DEFINITE)
				push(graph, target, REACH_POSSIBLE);
	}
}

/* Roots and reachable blocks that point into the middle of others. */
static void find_possible(struct graph *graph)
{
	const uint8_t interior = FLAG_INTERIOR | FLAG_AT_LENGTH | FLAG_AT_STRING;

	for (uint32_t i = 0; i < graph->blocks.count; i++) {
		uint64_t at = edges_first(&graph->edges, i);
		enum edge_kind kind;
		uint32_t target;

		if (class_of(graph, i) == REACH_DEFINITE && (graph->flags[i] & interior))
			walk_possible(graph, i);
		if (class_of(graph, i) != REACH_REACHABLE)
			continue;
		while (edges_next(&graph->edges, i, &at, &target, &kind))
			if (class_of(graph, target) == REACH_DEFINITE)
				walk_possible(graph, target);
	}
}

/*
 * What is left, in order of address: each block takes all that it leads to, also what led
 * others until then. Of a cycle the first stays.
 */
static void find_cliques(struct graph *graph)
{
	for (uint32_t leader = 0; leader < graph->blocks.count; leader++) {
		if (class_of(graph, leader) != REACH_DEFINITE)
			continue;
		graph->stack[graph->stack_count++] = leader;
		while (graph->stack_count) {
			uint32_t source = graph->stack[--graph->stack_count], target;
			uint64_t at = edges_first(&graph->edges, source);
			enum edge_kind kind;

			while (edges_next(&graph->edges, source, &at, &target, &kind)) {
				if (target == leader || class_of(graph, target) != REACH_DEFINITE)
					continue;
				graph->leaders[target] = leader;
				push(graph, target, REACH_INDIRECT);
			}
		}
	}
}

/* Who leads a block may be led by another: all of such a chain get its end. */
static void settle_leaders(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->blocks.count; i++) {
		uint32_t end = i, next;

		while (class_of(graph, end) == REACH_INDIRECT)
			end = graph->leaders[end];
		for (uint32_t at = i; class_of(graph, at) == REACH_INDIRECT; at = next) {
			next = graph->leaders[at];
			graph->leaders[at] = end;
		}
	}
}

int graph_judge(struct graph *graph)
{
	size_t count = (size_t)graph->blocks.count + 1;

	edges_finish(&graph->edges);
	graph->stack = calloc(count, sizeof(*graph->stack));
	graph->leaders = calloc(count, sizeof(*graph->leaders));
	if (!graph->stack || !graph->leaders)
		return -ENOMEM;
	walk_reachable(graph);
	find_possible(graph);
	find_cliques(graph);
	settle_leaders(graph);
	free(graph->stack);
	graph->stack = NULL;
	return 0;
}

struct graph_result graph_result(const struct graph *graph, uint32_t number)
{
	enum reach_class class = class_of(graph, number);

	return (struct graph_result){
		.class = class,
		.leader = class == REACH_INDIRECT ? graph->leaders[number] : number,
	};
}
