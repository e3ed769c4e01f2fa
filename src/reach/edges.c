/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reach/edges.h"

#include <errno.h>
#include <stdlib.h>

#define EDGE_BYTES_MAX 6
#define ROOM_FIRST 4096

int edges_begin(struct edges *edges, uint32_t count)
{
	*edges = (struct edges){ .count = count };
	edges->offsets = calloc((size_t)count + 1, sizeof(*edges->offsets));
	return edges->offsets ? 0 : -ENOMEM;
}

void edges_clear(struct edges *edges)
{
	free(edges->bytes);
	free(edges->offsets);
	*edges = (struct edges){ 0 };
}

static int make_room(struct edges *edges)
{
	size_t room = edges->room ? edges->room * 2 : ROOM_FIRST;
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

/* The edges of all sources before this one end here. */
static void fill_up_to(struct edges *edges, uint32_t source)
{
	while (edges->filled < source)
		edges->offsets[++edges->filled] = edges->used;
}

int edges_add(struct edges *edges, uint32_t source, uint32_t target, enum edge_kind kind)
{
	int64_t distance = (int64_t)target - (int64_t)source;
	/* Small numbers for small distances of either sign. */
	uint64_t code = distance < 0 ? (uint64_t)~distance << 1 | 1 : (uint64_t)distance << 1;
	int error = make_room(edges);

	if (error)
		return error;
	fill_up_to(edges, source);
	for (code = code << EDGE_KIND_BITS | kind; code >= 0x80; code >>= 7)
		edges->bytes[edges->used++] = (uint8_t)(code | 0x80);
	edges->bytes[edges->used++] = (uint8_t)code;
	return 0;
}

void edges_finish(struct edges *edges)
{
	fill_up_to(edges, edges->count);
}

bool edges_next(const struct edges *edges, uint32_t source, uint64_t *at, uint32_t *target,
		enum edge_kind *kind)
{
	uint64_t code = 0;
	unsigned shift = 0;
	int64_t distance;

	if (*at >= edges->offsets[source + 1])
		return false;
	do
		code |= (uint64_t)(edges->bytes[*at] & 0x7f) << shift, shift += 7;
	while (edges->bytes[(*at)++] & 0x80);
	*kind = (enum edge_kind)(code & ((1 << EDGE_KIND_BITS) - 1));
	code >>= EDGE_KIND_BITS;
	distance = code & 1 ? ~(int64_t)(code >> 1) : (int64_t)(code >> 1);
	*target = (uint32_t)((int64_t)source + distance);
	return true;
}

size_t edges_bytes(const struct edges *edges)
{
	return edges->room + ((size_t)edges->count + 1) * sizeof(*edges->offsets);
}
