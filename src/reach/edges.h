/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pointers from block to block, kept small: of each block those that leave it, as the
 * distance to the target's number in bytes of seven bits, and a byte of 0 behind the last
 * (no block has a pointer to itself here). A block whose pointers are needed no more has
 * room for a number instead.
 */
#ifndef LEAKTRACE_REACH_EDGES_H
#define LEAKTRACE_REACH_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum edge_kind {
	EDGE_START,
	EDGE_INTERIOR,
	EDGE_AT_LENGTH, /* into the middle, where a heuristic may take it for the start */
	EDGE_AT_STRING,
	EDGE_AT_WORD, /* somewhere else, at a word: which one is kept, too */
};

#define EDGE_KIND_BITS 3
/* Where in its target an edge of EDGE_AT_WORD ends, at most; beyond it is EDGE_INTERIOR. */
#define EDGE_WORDS_MAX (1U << 14)
/* Sources that share a base, from which their places are counted. */
#define EDGE_GROUP 1024

struct edges {
	uint8_t *bytes;
	size_t used;
	size_t room;
	uint32_t *places; /* by source: where its edges are, from its group's base on; NO_EDGES */
	uint64_t *bases;
	uint32_t count;
	uint32_t source; /* under way; `count`: none */
};

#define NO_EDGES UINT32_MAX

/* Returns 0 or -ENOMEM. */
int edges_begin(struct edges *edges, uint32_t count);
void edges_clear(struct edges *edges);

/* Sources come in order; `word` is of EDGE_AT_WORD alone. Returns 0 or -ENOMEM. */
int edges_add(struct edges *edges, uint32_t source, uint32_t target, enum edge_kind kind,
	      uint32_t word);
/* When all are there. Returns 0 or -ENOMEM. */
int edges_finish(struct edges *edges);

struct edge_walk {
	const uint8_t *at; /* NULL: at the end */
	uint32_t source;
	uint32_t target;
	enum edge_kind kind;
	uint32_t word; /* of EDGE_AT_WORD */
};

/* The edges of a source, one after the other: `while (edges_next(&walk))`. */
struct edge_walk edges_of(const struct edges *edges, uint32_t source);
bool edges_next(struct edge_walk *walk);

/* Forgets all edges, but not the numbers in place of some. */
void edges_drop(struct edges *edges);
/* Keeps a number in place of the source's edges. */
void edges_replace(struct edges *edges, uint32_t source, uint32_t number);
uint32_t edges_replaced(const struct edges *edges, uint32_t source);

#endif
