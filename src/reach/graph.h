/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which blocks a program can still reach: blocks, the pointers between them, and the
 * pointers from its roots. Classes are Valgrind's (its manual, 4.2.8 "Memory leak
 * detection"). Memory is looked at as it comes by, once; what points where is kept in
 * about 1.5 bytes a pointer, so that the program can go on before the graph is walked.
 */
#ifndef LEAKTRACE_REACH_GRAPH_H
#define LEAKTRACE_REACH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reach/blocks.h"

struct graph;

enum reach_class {
	REACH_DEFINITE, /* nothing points to it, or only its own clique */
	REACH_INDIRECT, /* reached from a definite one alone */
	REACH_POSSIBLE, /* by a pointer into its middle */
	REACH_REACHABLE,
	REACH_CLASSES,
};

/* Pointers into the middle of a block that are as good as one to its start. */
#define HEURISTIC_STDSTRING                                                                        \
	1		     /* std::string of old: behind length, capacity, count of references   \
			      */
#define HEURISTIC_LENGTH64 2 /* behind the block's length, 64 bits */
#define HEURISTIC_NEWARRAY 4 /* behind the number of elements that have destructors */
#define HEURISTIC_INHERITANCE 8 /* to a virtual table pointer, in an object that has several */
#define HEURISTICS_ALL 15

/*
 * `all` as for blocks_build(). Returns 0, -EINVAL or -ENOMEM.
 */
int graph_new(const struct block *all, size_t count, unsigned heuristics, struct graph **graph);
/* Takes NULL. */
void graph_free(struct graph *graph);

/*
 * How a C++ object is told: by a word that is the address of a virtual table. Tables are in
 * [low, low + span); `is_table` is asked for addresses in it.
 */
struct graph_tables {
	uint64_t low;
	uint64_t span;
	bool (*is_table)(uint64_t address, void *context);
	void *context;
};

/* For HEURISTIC_INHERITANCE, before any memory. */
void graph_set_tables(struct graph *graph, const struct graph_tables *tables);

/* Words of a root: memory that the program has at hand, registers. */
void graph_root_words(struct graph *graph, const uint64_t *words, size_t count);
/* An address that counts as a pointer to the start of the block that holds it. */
void graph_root_start(struct graph *graph, uint64_t address);

/* What the words are that are in no block. */
enum graph_outside {
	OUTSIDE_NOTHING,
	OUTSIDE_ROOT,
	OUTSIDE_STARTS, /* a root; wherever in a block it points, it stands for its start */
};

/*
 * Memory from `address` on, which is a multiple of 8. Pieces come in order of address and do
 * not overlap; between them may be gaps. Returns 0, -EINVAL or -ENOMEM.
 */
int graph_memory(struct graph *graph, uint64_t address, const uint64_t *words, size_t count,
		 enum graph_outside outside);
/* Whether a block reaches into [start, end). Asked in order of address. */
bool graph_has_blocks(struct graph *graph, uint64_t start, uint64_t end);

struct graph_result {
	enum reach_class class;
	uint32_t leader; /* of REACH_INDIRECT: the definite one that holds it */
};

/* After all memory: judges every block. Returns 0 or -ENOMEM. */
int graph_judge(struct graph *graph);
/* Of the block with this number, in the order of addresses. */
struct graph_result graph_result(const struct graph *graph, uint32_t number);

uint32_t graph_count(const struct graph *graph);
/* The number of the block that holds an address, NO_BLOCK: none does. */
uint32_t graph_find(const struct graph *graph, uint64_t address);

#endif
