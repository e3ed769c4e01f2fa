/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory/tables.h"

#include <stdlib.h>

#include "memory/reader.h"
#include "util/hash.h"
#include "util/proc.h"

#define WORD 8
/* Entries looked at: pure virtual functions may be 0. */
#define ENTRIES 20
/* Asked for more, a program has none but numbers that look so. */
#define KNOWN_MAX 100000

struct known_table {
	uint64_t address;
	bool is_table;
	UT_hash_handle hh;
};

static const struct proc_map *map_of(const struct tables *tables, uint64_t address)
{
	size_t low = 0, high = tables->map_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (tables->maps[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < tables->map_count && tables->maps[low].start <= address ? &tables->maps[low]
									     : NULL;
}

static bool may_have_tables(const struct proc_map *map)
{
	return map && map->inode && map->readable && !map->writable && !map->executable;
}

static bool is_code(const struct tables *tables, uint64_t address)
{
	const struct proc_map *map = map_of(tables, address);

	return map && map->executable;
}

static bool looks_like_table(const struct tables *tables, uint64_t address)
{
	uint64_t words[ENTRIES];
	ssize_t got;

	if (address % WORD || !may_have_tables(map_of(tables, address)))
		return false;
	got = reader_read(tables->reader, address, words, sizeof(words));
	for (ssize_t i = 0; (i + 1) * WORD <= got; i++)
		if (words[i])
			return is_code(tables, words[i]);
	return false;
}

static bool is_table(uint64_t address, void *context)
{
	struct tables *tables = context;
	struct known_table *known;
	bool is_one;

	HASH_FIND(hh, tables->known, &address, sizeof(address), known);
	if (known)
		return known->is_table;
	if (HASH_COUNT(tables->known) >= KNOWN_MAX)
		return false;
	known = calloc(1, sizeof(*known));
	if (!known)
		return false;
	known->address = address;
	known->is_table = looks_like_table(tables, address);
	HASH_ADD(hh, tables->known, address, sizeof(known->address), known);
	is_one = known->is_table;
	/* It is looked at again, out of memory. */
	if (!hash_has(known))
		free(known);
	return is_one;
}

struct graph_tables tables_begin(struct tables *tables, struct reader *reader,
				 const struct proc_map *maps, size_t map_count)
{
	struct graph_tables result = { .is_table = is_table, .context = tables };

	*tables = (struct tables){ .reader = reader, .maps = maps, .map_count = map_count };
	for (size_t i = 0; i < map_count; i++) {
		if (!may_have_tables(&maps[i]))
			continue;
		if (!result.low)
			result.low = maps[i].start;
		result.span = maps[i].end - result.low;
	}
	return result;
}

void tables_clear(struct tables *tables)
{
	struct known_table *known, *next;

	HASH_ITER(hh, tables->known, known, next)
	{
		HASH_DEL(tables->known, known);
		free(known);
	}
}
