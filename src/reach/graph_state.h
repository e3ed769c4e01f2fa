/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What graph.c, which takes memory, and judge.c, which walks the graph, share. */
#ifndef LEAKTRACE_REACH_GRAPH_STATE_H
#define LEAKTRACE_REACH_GRAPH_STATE_H

#include "reach/edges.h"
#include "reach/graph.h"

#define WORD 8
#define STDSTRING_OFFSET 24
#define LENGTH_OFFSET 8
/* Pointers looked up together, so that the cache lines of one come while others are worked on. */
#define BATCH 64
/* The words at a block's start that heuristics look at. */
#define HEAD_WORDS 2

/* What is known of a block: how roots point to it, what its head looks like, and its class. */
enum block_flag {
	FLAG_START = 1,	     /* a root points to its start */
	FLAG_INTERIOR = 2,   /* into its middle */
	FLAG_AT_LENGTH = 4,  /* behind what may be a length */
	FLAG_AT_STRING = 8,  /* behind what may be a string's head */
	FLAG_IS_LENGTH = 16, /* it does begin with its length, or the number of its elements */
	FLAG_IS_STRING = 32, /* it does begin with a string's head */
};

#define FLAG_CLASS_SHIFT 6 /* enum reach_class; REACH_DEFINITE until it is reached */

/* A word of a block: where an object in an object begins; where a root points to. */
struct inner_object {
	uint32_t block;
	uint32_t word;
};

struct pending {
	uint64_t word;
	const struct block_region *region;
	uint32_t source; /* NO_BLOCK: a root */
	struct block_begin begin;
};

struct graph {
	struct blocks blocks;
	unsigned heuristics;
	uint8_t *flags;
	struct edges edges;
	uint32_t *stack; /* blocks whose pointers are to be followed */
	size_t stack_count;
	size_t stack_room;
	struct pending pending[BATCH];
	size_t pending_count;
	const struct block_region *hint;
	uint64_t head[HEAD_WORDS]; /* of the block under way */
	uint64_t next_address;	   /* memory comes in order */
	size_t next_region;
	/* HEURISTIC_INHERITANCE */
	struct graph_tables tables;
	uint32_t object;	    /* the block under way, if it begins like an object */
	struct inner_object *inner; /* by block, then by word */
	size_t inner_count;
	struct inner_object *root_words; /* what roots point to, likewise */
	size_t root_word_count;
	int error;
};

#endif
