/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reach/edges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A code is up to eight bytes of seven bits; the zeros at the end of the first byte tell how
 * many follow. It is written and read as one word: two of them, the byte behind the last
 * edge, and what a read may reach beyond.
 */
#define CODE_BYTES_MAX 8
#define EDGE_BYTES_MAX (2 * CODE_BYTES_MAX + 1 + CODE_BYTES_MAX)
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

static int begin_source(struct edges *edges, uint32_t source)
{
	uint64_t *base = &edges->bases[source / EDGE_GROUP];
	uint64_t place;

	if (edges->source != edges->count)
		edges->bytes[edges->used++] = 0;
	/* The first of its group that has any. */
	if (edges->source == edges->count || edges->source / EDGE_GROUP != source / EDGE_GROUP)
		*base = edges->used;
	/* A block before it in its group may have gigabytes of pointers. */
	place = edges->used - *base;
	if (place >= NO_EDGES)
		return -ENOMEM;
	edges->source = source;
	edges->places[source] = (uint32_t)place;
	return 0;
}

static void add_code(struct edges *edges, uint64_t code)
{
	unsigned length = (unsigned)(64 - __builtin_clzll(code | 1) + 6) / 7;
	uint64_t word = code << length | 1ULL << (length - 1);

	memcpy(edges->bytes + edges->used, &word, sizeof(word));
	edges->used += length;
}

int edges_add(struct edges *edges, uint32_t source, uint32_t target, enum edge_kind kind,
	      uint32_t word)
{
	int64_t distance = (int64_t)target - (int64_t)source;
	/* Small numbers for small distances of either sign. */
	uint64_t code = distance < 0 ? (uint64_t)~distance << 1 | 1 : (uint64_t)distance << 1;
	int error = make_room(edges);

	if (!error && edges->source != source)
		error = begin_source(edges, source);
	if (error)
		return error;
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
	unsigned length = (unsigned)__builtin_ctz(*walk->at) + 1;
	uint64_t word;

	memcpy(&word, walk->at, sizeof(word));
	walk->at += length;
	return word << (64 - 8 * length) >> (64 - 8 * length + length);
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

void edges_drop(struct edges *edges)
{
	free(edges->bytes);
	edges->bytes = NULL;
	edges->used = edges->room = 0;
}

void edges_replace(struct edges *edges, uint32_t source, uint32_t number)
{
	edges->places[source] = number;
}

uint32_t edges_replaced(const struct edges *edges, uint32_t source)
{
	return edges->places[source];
}
