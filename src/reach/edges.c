/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reach/edges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 33 bits of distance and sign, three of kind, 14 of a word, and the byte behind the last edge. */
#define EDGE_BYTES_MAX 9
#define ROOM_FIRST 4096

int edges_begin(struct edges *edges, uint32_t count)
{
	*edges = (struct edges){ .count = count, .source = count };
	edges->places = malloc(((size_t)count + 1) * sizeof(*edges->places));
	edges->bases = calloc(count / EDGE_GROUP + 1, sizeof(*edges->bases));
	if (!edges->places || !edges->bases)
		return -ENOMEM;
	memset(edges->places, 0xff, ((size_t)count + 1) * sizeof(*edges->places));
	return 0;
}

void edges_clear(struct edges *edges)
{
	free(edges->bytes);
	free(edges->places);
	free(edges->bases);
	*edges = (struct edges){ 0 };
}

static int make_room(struct edges *edges)
{
	/* By half: the last growth is what is wasted. */
	size_t room = edges->room ? edges->room + edges->room / 2 : ROOM_FIRST;
	uint8_t *bytes;

	if (edges->used + EDGE_BYTES_MAX <= edges->room)
		return 0;
	bytes = realloc(edges->bytes, room);
	if (!bytes)
		return -ENOMEM;
	edges->bytes = bytes;
	edges->room = room;
	return 0;
}

static void begin_source(struct edges *edges, uint32_t source)
{
	uint64_t *base = &edges->bases[source / EDGE_GROUP];

	if (edges->source != edges->count)
		edges->bytes[edges->used++] = 0;
	/* The first of its group that has any. */
	if (edges->source == edges->count || edges->source / EDGE_GROUP != source / EDGE_GROUP)
		*base = edges->used;
	edges->source = source;
	edges->places[source] = (uint32_t)(edges->used - *base);
}

static void add_code(struct edges *edges, uint64_t code)
{
	for (; code >= 0x80; code >>= 7)
		edges->bytes[edges->used++] = (uint8_t)(code | 0x80);
	edges->bytes[edges->used++] = (uint8_t)code;
}

int edges_add(struct edges *edges, uint32_t source, uint32_t target, enum edge_kind kind,
	      uint32_t word)
{
	int64_t distance = (int64_t)target - (int64_t)source;
	/* Small numbers for small distances of either sign. */
	uint64_t code = distance < 0 ? (uint64_t)~distance << 1 | 1 : (uint64_t)distance << 1;
	int error = make_room(edges);

	if (error)
		return error;
	if (edges->source != source)
		begin_source(edges, source);
	add_code(edges, code << EDGE_KIND_BITS | kind);
	if (kind == EDGE_AT_WORD)
		add_code(edges, word);
	return 0;
}

int edges_finish(struct edges *edges)
{
	int error = make_room(edges);

	if (!error)
		edges->bytes[edges->used++] = 0;
	return error;
}

struct edge_walk edges_of(const struct edges *edges, uint32_t source)
{
	uint32_t place = edges->places[source];

	return (struct edge_walk){
		.at = place == NO_EDGES ? NULL
					: edges->bytes + edges->bases[source / EDGE_GROUP] + place,
		.source = source,
	};
}

static uint64_t take_code(struct edge_walk *walk)
{
	uint64_t code = 0;
	unsigned shift = 0;

	do {
		code |= (uint64_t)(*walk->at & 0x7f) << shift;
		shift += 7;
	} while (*walk->at++ & 0x80);
	return code;
}

bool edges_next(struct edge_walk *walk)
{
	uint64_t code;
	int64_t distance;

	if (!walk->at || !*walk->at)
		return false;
	code = take_code(walk);
	walk->kind = (enum edge_kind)(code & ((1 << EDGE_KIND_BITS) - 1));
	code >>= EDGE_KIND_BITS;
	distance = code & 1 ? ~(int64_t)(code >> 1) : (int64_t)(code >> 1);
	walk->target = (uint32_t)((int64_t)walk->source + distance);
	if (walk->kind == EDGE_AT_WORD)
		walk->word = (uint32_t)take_code(walk);
	return true;
}

void edges_replace(struct edges *edges, uint32_t source, uint32_t number)
{
	edges->places[source] = number;
}

uint32_t edges_replaced(const struct edges *edges, uint32_t source)
{
	return edges->places[source];
}
