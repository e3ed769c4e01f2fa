/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live table: what is held now, by (space, kind, id). Layout: wire.h.
 * Operations on one id are ordered by the allocator itself (an address is one
 * thread's between its return from malloc and its entry into free); operations
 * on different ids meet in a bucket, hence the compare-and-exchange.
 */
#ifndef LEAKTRACE_LIVE_BPF_H
#define LEAKTRACE_LIVE_BPF_H

#include "maps.bpf.h"

enum live_result {
	LIVE_INSERTED,
	LIVE_REPLACED, /* the id was live already: its release was missed */
	LIVE_FULL,
};

/* 0: the id does not fit a flat key. */
static __always_inline u64 live_key(u32 space, u32 kind, u64 id)
{
	u64 high = (u64)kind << WIRE_KEY_KIND_SHIFT | (u64)space << WIRE_KEY_SPACE_SHIFT;

	if (kind >= WIRE_KEY_KINDS || (id >> (WIRE_KEY_SPACE_SHIFT + WIRE_KEY_ID_SHIFT)))
		return 0;
	if (kind == WIRE_FD)
		return high | (id & WIRE_KEY_ID_MASK);
	if (id & ((1 << WIRE_KEY_ID_SHIFT) - 1))
		return 0;
	return high | id >> WIRE_KEY_ID_SHIFT;
}

static __always_inline u32 live_first_bucket(u64 key)
{
	return wire_first_bucket(key, live_buckets);
}

static __always_inline u32 live_second_bucket(u64 key)
{
	u64 hash = (key ^ (key >> 29)) * 0xbf58476d1ce4e5b9ULL;

	return wire_scale(hash ^ (hash << 17), live_buckets);
}

static __always_inline int bucket_find(const struct wire_bucket *bucket, u64 key)
{
#pragma unroll
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++)
		if (bucket->keys[i] == key)
			return i;
	return -1;
}

static __always_inline bool bucket_insert(struct wire_bucket *bucket, u64 key,
					  const struct wire_live *value)
{
#pragma unroll
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++) {
		if (bucket->keys[i])
			continue;
		if (__sync_val_compare_and_swap(&bucket->keys[i], 0, key | WIRE_KEY_BUSY))
			continue;
		bucket->values[i] = *value;
		__sync_lock_test_and_set(&bucket->keys[i], key);
		return true;
	}
	return false;
}

/* Takes the key out; returns false when it is not there. */
static __always_inline bool bucket_take(struct wire_bucket *bucket, u64 key,
					struct wire_live *value)
{
#pragma unroll
	for (int i = 0; i < WIRE_BUCKET_KEYS; i++) {
		if (bucket->keys[i] != key)
			continue;
		*value = bucket->values[i];
		return __sync_val_compare_and_swap(&bucket->keys[i], key, 0) == key;
	}
	return false;
}

static __noinline bool spill_insert(struct wire_bucket *first, u64 id, u32 space, u32 kind,
				    const struct wire_live *value)
{
	struct wire_spill_key key = { .id = id, .space = space, .kind = kind };
	struct wire_live copy;

	if (!value)
		return false;
	/* A map takes its value from the stack: Linux 6.1 takes none from a caller's memory. */
	copy = *value;
	if (bpf_map_update_elem(&spill, &key, &copy, BPF_NOEXIST))
		return false;
	if (first)
		__sync_fetch_and_add(&first->spilled, 1);
	return true;
}

static __noinline bool spill_take(struct wire_bucket *first, u64 id, u32 space, u32 kind,
				  struct wire_live *value)
{
	struct wire_spill_key key = { .id = id, .space = space, .kind = kind };
	struct wire_live *found = bpf_map_lookup_elem(&spill, &key);

	if (!found || !value)
		return false;
	*value = *found;
	if (bpf_map_delete_elem(&spill, &key))
		return false;
	if (first)
		__sync_fetch_and_add(&first->spilled, -1);
	return true;
}

/*
 * Removes the id; `*value` is what it stood for. Returns false when it is not
 * live. Global, as live_put is, so that the verifier looks at it once and not for
 * each caller's state.
 */
__weak __noinline int live_take(u32 space, u32 kind, u64 id, struct wire_live *value)
{
	u64 key = live_key(space, kind, id);
	struct wire_bucket *first, *second;
	u32 index;

	if (!value)
		return false;
	if (!key)
		return spill_take(NULL, id, space, kind, value);
	index = live_first_bucket(key);
	first = bpf_map_lookup_elem(&live, &index);
	if (!first)
		return false;
	if (bucket_take(first, key, value))
		return true;
	if (!first->spilled)
		return false;
	index = live_second_bucket(key);
	second = bpf_map_lookup_elem(&live, &index);
	if (second && bucket_take(second, key, value)) {
		__sync_fetch_and_add(&first->spilled, -1);
		return true;
	}
	return spill_take(first, id, space, kind, value);
}

/* Whether the id is live. */
__weak __noinline int live_has(u32 space, u32 kind, u64 id)
{
	struct wire_spill_key spilled = { .id = id, .space = space, .kind = kind };
	u64 key = live_key(space, kind, id);
	struct wire_bucket *bucket;
	u32 index;

	if (key) {
		index = live_first_bucket(key);
		bucket = bpf_map_lookup_elem(&live, &index);
		if (bucket && bucket_find(bucket, key) >= 0)
			return true;
		index = live_second_bucket(key);
		bucket = bpf_map_lookup_elem(&live, &index);
		if (bucket && bucket_find(bucket, key) >= 0)
			return true;
	}
	return bpf_map_lookup_elem(&spill, &spilled) != NULL;
}

/* Adds the id. When it is live already, `*old` is what it stood for until now. */
static __always_inline enum live_result
live_put(u32 space, u32 kind, u64 id, const struct wire_live *value, struct wire_live *old)
{
	u64 key = live_key(space, kind, id);
	enum live_result result = LIVE_INSERTED;
	struct wire_bucket *first, *second;
	u32 index;

	if (!key) {
		if (spill_take(NULL, id, space, kind, old))
			result = LIVE_REPLACED;
		return spill_insert(NULL, id, space, kind, value) ? result : LIVE_FULL;
	}
	index = live_first_bucket(key);
	first = bpf_map_lookup_elem(&live, &index);
	if (!first)
		return LIVE_FULL;
	if (first->spilled || bucket_find(first, key) >= 0) {
		if (live_take(space, kind, id, old))
			result = LIVE_REPLACED;
	}
	if (bucket_insert(first, key, value))
		return result;
	index = live_second_bucket(key);
	second = bpf_map_lookup_elem(&live, &index);
	if (second && bucket_insert(second, key, value)) {
		__sync_fetch_and_add(&first->spilled, 1);
		return result;
	}
	return spill_insert(first, id, space, kind, value) ? result : LIVE_FULL;
}

#endif
