/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room for ranges in the kernel's array of mappings (wire.h). A range that nobody uses any more
 * rests for a while: a program may be reading it.
 */
#ifndef LEAKTRACE_TRACE_MAPPING_ROOM_H
#define LEAKTRACE_TRACE_MAPPING_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct mapping_room {
	uint8_t used[WIRE_MAPPINGS]; /* 1: in use or resting */
	uint32_t next;		     /* where to look first */
	struct resting *resting;
	size_t resting_count;
};

/*
 * Returns the first of `count` mappings; WIRE_MAPPINGS when there is no room. Where all that is
 * left rests it waits: up to a second.
 */
uint32_t mapping_room_take(struct mapping_room *room, uint32_t count);
void mapping_room_give(struct mapping_room *room, uint32_t first, uint32_t count);
/* Frees what the struct holds. */
void mapping_room_clear(struct mapping_room *room);

#endif
