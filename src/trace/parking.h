/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that are stopped for a moment, and other leaktraces that have stopped the same. */
#ifndef LEAKTRACE_TRACE_PARKING_H
#define LEAKTRACE_TRACE_PARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Other leaktraces' maps of stopped processes. */
struct foreign_parked {
	uint32_t *map_ids;
	size_t count;
	uint32_t last_id; /* of all maps there are, looked at */
};

#endif
