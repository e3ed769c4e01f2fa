/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call sites of one space's mappings, each in each role. */
#ifndef LEAKTRACE_TRACE_MAPPING_SITES_H
#define LEAKTRACE_TRACE_MAPPING_SITES_H

#include "trace/space_mappings.h"

struct site_index;

struct mapping_sites {
	struct mapping_site *all;
	size_t count;
	struct site_index *by_key;
};

/* The number of the event's site, made at first sight. Returns 0 or -ENOMEM. */
int mapping_sites_find(struct mapping_sites *sites, const struct wire_event_map *event,
		       uint32_t *number);
void mapping_sites_clear(struct mapping_sites *sites);

#endif
