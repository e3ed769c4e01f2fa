/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns which events are of one site. */
#include "trace/mapping_sites.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

#include "util/array.h"

struct site_key {
	uint64_t tag;
	uint32_t check;
	uint32_t role;
};

struct site_index {
	struct site_key key;
	uint32_t number;
	UT_hash_handle hh;
};

static int add_site(struct mapping_sites *sites, const struct site_key *key, uint32_t *number)
{
	struct site_index *index = calloc(1, sizeof(*index));
	struct mapping_site *site;

	if (!index)
		return -ENOMEM;
	site = array_add(&sites->all, &sites->count, sizeof(*site));
	if (!site) {
		free(index);
		return -ENOMEM;
	}
	site->tag = key->tag;
	site->check = key->check;
	site->role = (enum role)key->role;
	index->key = *key;
	index->number = sites->count - 1;
	HASH_ADD(hh, sites->by_key, key, sizeof(index->key), index);
	*number = index->number;
	return 0;
}

int mapping_sites_find(struct mapping_sites *sites, const struct wire_event_map *event,
		       uint32_t *number)
{
	static const enum role roles[] = {
		[WIRE_MAP_HELD] = ROLE_HELD,
		[WIRE_MAP_ALLOCATOR] = ROLE_ALLOCATOR,
		[WIRE_MAP_THREAD_STACK] = ROLE_THREAD_STACK,
		[WIRE_MAP_LINKER] = ROLE_LINKER,
	};
	struct site_key key = { event->tag, event->check, roles[event->role & 3] };
	struct site_index *found;

	HASH_FIND(hh, sites->by_key, &key, sizeof(key), found);
	if (!found)
		return add_site(sites, &key, number);
	*number = found->number;
	return 0;
}

void mapping_sites_clear(struct mapping_sites *sites)
{
	struct site_index *index = sites->by_key, *next;

	HASH_CLEAR(hh, sites->by_key);
	for (; index; index = next) {
		next = index->hh.next;
		free(index);
	}
	free(sites->all);
}
