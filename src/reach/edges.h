/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pointers from block to block, kept small: of each block those that leave it, as the
 * distance to the target's number in bytes of seven bits.
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
};

#define EDGE_KIND_BITS 2

struct edges {
	uint8_t *bytes;
	size_t used;
	size_t room;
	uint64_t *offsets; /* by source, one more than there are: where its edges begin */
	uint32_t count;
	uint32_t filled; /* offsets up to here are set */
};

/* Returns 0 or -ENOMEM. */
int edges_begin(struct edges *edges, uint32_t count);
void edges_clear(struct edges *edges);

/* Sources come in order. Returns 0 or -ENOMEM. */
int edges_add(struct edges *edges, uint32_t source, uint32_t target, enum edge_kind kind);
/* When all are there. */
void edges_finish(struct edges *edges);

/* Goes through the edges of a source: from edges_first() on, as long as edges_next() says. */
static inline uint64_t edges_first(const struct edges *edges, uint32_t source)
{
	return edges->offsets[source];
}
bool edges_next(const struct edges *edges, uint32_t source, uint64_t *at, uint32_t *target,
		enum edge_kind *kind);

size_t edges_bytes(const struct edges *edges);

#endif
