/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/mapping_room.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/clock.h"

#define SECOND_NS 1000000000ULL
#define REST_NS SECOND_NS

struct resting {
	uint32_t first;
	uint32_t count;
	uint64_t since_ns;
};

static void wake_rested(struct mapping_room *room)
{
	uint64_t now = monotonic_ns();
	size_t kept = 0;

	for (size_t i = 0; i < room->resting_count; i++) {
		struct resting *resting = &room->resting[i];

		if (now - resting->since_ns < REST_NS)
			room->resting[kept++] = *resting;
		else
			memset(room->used + resting->first, 0, resting->count);
	}
	if (!kept) {
		free(room->resting);
		room->resting = NULL;
	}
	room->resting_count = kept;
}

/* They are in the order of time. */
static void await_rested(const struct mapping_room *room)
{
	uint64_t end_ns = room->resting[0].since_ns + REST_NS;
	const struct timespec end = { (time_t)(end_ns / SECOND_NS), (long)(end_ns % SECOND_NS) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
}

/* First room of `count` from `start` on; WIRE_MAPPINGS when there is none. */
static uint32_t find(const struct mapping_room *room, uint32_t start, uint32_t count)
{
	uint32_t free_run = 0;

	for (uint32_t i = start; i < WIRE_MAPPINGS; i++) {
		free_run = room->used[i] ? 0 : free_run + 1;
		if (free_run == count)
			return i + 1 - count;
	}
	return WIRE_MAPPINGS;
}

uint32_t mapping_room_take(struct mapping_room *room, uint32_t count)
{
	uint32_t first = find(room, room->next, count);

	/* A process that loads a hundred libraries a second, of its thousand, makes all room rest.
	 */
	while (first == WIRE_MAPPINGS) {
		wake_rested(room);
		first = find(room, 0, count);
		if (first != WIRE_MAPPINGS || !room->resting_count)
			break;
		await_rested(room);
	}
	if (first != WIRE_MAPPINGS) {
		memset(room->used + first, 1, count);
		room->next = first + count;
	}
	return first;
}

void mapping_room_give(struct mapping_room *room, uint32_t first, uint32_t count)
{
	struct resting *resting = array_add(&room->resting, &room->resting_count, sizeof(*resting));

	/* Without a record of it the range is not used again. */
	if (resting)
		*resting = (struct resting){ first, count, monotonic_ns() };
}

void mapping_room_clear(struct mapping_room *room)
{
	free(room->resting);
}
