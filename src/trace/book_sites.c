/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns which acquisitions are of one site. */
#include "trace/book_sites.h"

#include <errno.h>
#include <stdlib.h>

#include "util/array.h"
#include "util/hash.h"

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

static int add_site(struct book_sites *sites, const struct site_key *key, uint32_t *number)
{
	struct site_index *index = calloc(1, sizeof(*index));
	struct book_site *site;

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
	if (!hash_has(index)) {
		free(index);
		return -ENOMEM;
	}
	*number = index->number;
	return 0;
}

int book_sites_find(struct book_sites *sites, uint64_t tag, uint32_t check, enum role role,
		    uint32_t *number)
{
	struct site_key key = { tag, check, role };
	struct site_index *found;

	HASH_FIND(hh, sites->by_key, &key, sizeof(key), found);
	if (!found)
		return add_site(sites, &key, number);
	*number = found->number;
	return 0;
}

void book_site_acquire(struct book_site *site, uint64_t count, uint64_t bytes, uint64_t time_ns)
{
	if (!site->acquired_count)
		site->first_ns = time_ns;
	site->last_ns = time_ns;
	site->acquired_count += count;
	site->acquired_bytes += bytes;
}

void book_sites_clear(struct book_sites *sites)
{
	struct site_index *index = sites->by_key, *next;

	HASH_CLEAR(hh, sites->by_key);
	for (; index; index = next) {
		next = index->hh.next;
		free(index);
	}
	free(sites->all);
}
