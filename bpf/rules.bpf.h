/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a code address to its unwind rule: the space's mapping, the file's table,
 * the row. Layout: wire.h. Functions are global so that the verifier looks at
 * each once.
 */
#ifndef LEAKTRACE_RULES_BPF_H
#define LEAKTRACE_RULES_BPF_H

#include "maps.bpf.h"

#define RULE_NO_MAPPING (-1)
#define RULE_NO_TABLE (-2)

/* More than enough for the mappings of a space, and for the rows of a granule. */
#define MAPPING_STEPS 14
#define ROW_STEPS 9

__weak __noinline u32 pool_word(u32 index)
{
	u32 number = index / WIRE_CHUNK_WORDS, zero = 0;
	void *chunk_map = bpf_map_lookup_elem(&chunks, &number);
	struct wire_chunk *chunk;

	if (!chunk_map)
		return 0;
	chunk = bpf_map_lookup_elem(chunk_map, &zero);
	return chunk ? chunk->words[index % WIRE_CHUNK_WORDS] : 0;
}

/* Returns the rule's number in a file's table. */
__weak __noinline int table_rule(u32 table, u32 granules, u64 text_offset)
{
	u32 granule = text_offset >> WIRE_GRANULE_SHIFT;
	u32 rows = table + granules + 1;
	u32 low, high;

	if (text_offset >> WIRE_GRANULE_SHIFT >= granules)
		return WIRE_CFA_NO_RULE;
	low = pool_word(table + granule);
	high = pool_word(table + granule + 1);
	for (int i = 0; i < ROW_STEPS && low < high; i++) {
		u32 middle = (low + high) / 2;

		if ((pool_word(rows + middle) & 0xffff) <= (text_offset & 0xffff))
			low = middle + 1;
		else
			high = middle;
	}
	/* `low` is the first row behind the address; the one before it may be of an earlier
	 * granule. */
	return low ? pool_word(rows + low - 1) >> 16 : WIRE_CFA_NO_RULE;
}

/* Returns the index of the space's mapping that holds `pc`, or RULE_NO_MAPPING. */
__weak __noinline int mapping_find(u32 space_number, u64 pc)
{
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &space_number);
	u32 first, low, high;
	u64 packed;

	if (!space)
		return RULE_NO_MAPPING;
	packed = space->mappings;
	first = packed;
	low = 0;
	high = packed >> 32;
	for (int i = 0; i < MAPPING_STEPS && low < high; i++) {
		u32 middle = (low + high) / 2, index = first + middle;
		struct wire_mapping *mapping = bpf_map_lookup_elem(&mappings, &index);

		if (!mapping)
			return RULE_NO_MAPPING;
		if (pc < mapping->start)
			high = middle;
		else if (pc >= mapping->end)
			low = middle + 1;
		else
			return index;
	}
	return RULE_NO_MAPPING;
}

/*
 * One to one on 64 bits: the place and the tag in the cache together tell (space,
 * address) from every other. An address has up to 48 bits, a space 15.
 */
static __always_inline u64 pc_key(u32 space, u64 pc)
{
	u64 key = (u64)space << WIRE_ADDRESS_BITS | pc;

	key *= 0x9e3779b97f4a7c15ULL;
	return key ^ key >> 32;
}

/* Returns the number of the rule for the code at `pc`, or RULE_NO_.... */
static __always_inline int rule_find(u32 space, u64 pc)
{
	u64 key = pc_key(space, pc), *cached;
	u32 place = key & (WIRE_PC_CACHE - 1);
	struct wire_mapping *mapping;
	int rule, index;

	if (pc >> WIRE_ADDRESS_BITS)
		return RULE_NO_MAPPING;
	cached = bpf_map_lookup_elem(&pc_cache, &place);
	if (!cached)
		return RULE_NO_MAPPING;
	if (*cached && (*cached ^ key) >> 16 == 0)
		return *cached & 0xffff;
	index = mapping_find(space, pc);
	if (index < 0)
		return index;
	mapping = bpf_map_lookup_elem(&mappings, &index);
	if (!mapping)
		return RULE_NO_MAPPING;
	if (!mapping->granules)
		return RULE_NO_TABLE;
	rule = table_rule(mapping->table, mapping->granules,
			  pc - mapping->start + mapping->text_offset);
	*cached = (key & ~0xffffULL) | (rule & 0xffff);
	return rule & 0xffff;
}

#endif
