/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accounting over plain events: an id of a kind was acquired or released in an
 * address space. Knows neither probes nor registers; the stack of an acquisition
 * is in the thread's scratch. Totals are sums over sites: there is no other
 * counter to keep equal.
 */
#ifndef LEAKTRACE_ACCOUNT_BPF_H
#define LEAKTRACE_ACCOUNT_BPF_H

#include "live.bpf.h"
#include "maps.bpf.h"
#include "peak.bpf.h"
#include "sample.bpf.h"
#include "site.bpf.h"

static __always_inline void account_released(struct thread *thread, const struct wire_live *value)
{
	u32 index = value->site;
	struct wire_site *site = bpf_map_lookup_elem(&sites, &index);
	struct weight weight;

	if (site) {
		weight = block_weight(site->kind, value->size);
		__sync_fetch_and_add(&site->released_count, weight.count);
		__sync_fetch_and_add(&site->released_bytes, weight.bytes);
		if (site->kind == WIRE_HEAP)
			peak_add(thread, -(s64)weight.bytes);
	}
}

/* The line of the thread's stack, sent out if it is new; NULL when there is no room. */
static __always_inline struct wire_site *account_site(struct thread *thread, u32 kind, u32 now,
						      u32 *line)
{
	int index = site_find(thread, kind, now, 0, site_slots);
	struct wire_site *site;

	if (index == SITE_NONE) {
		count(WIRE_LOST_SITES);
		thread->stack.depth = 0;
		index = site_find(thread, kind, now, site_slots, WIRE_FALLBACK_SITES);
	}
	site = bpf_map_lookup_elem(&sites, &index);
	if (index == SITE_NONE || !site) {
		count(WIRE_LOST_LIVE);
		return NULL;
	}
	*line = index;
	if (!site->stack_sent)
		site->stack_sent = stack_send(thread, site->tag, site->check, kind);
	return site;
}

/* `born`: in ticks; 0: now. A resource that changed its size in place keeps its own. */
__weak __noinline int account_acquire(struct thread *thread, u32 kind, u64 id, u64 size, u32 born)
{
	u32 now = now_ticks();
	struct wire_live value = { .size = size, .born = born ?: now }, old = {};
	struct wire_site *site;
	struct weight weight;
	int result;

	if (!thread)
		return 0;
	site = account_site(thread, kind, now, &value.site);
	if (!site)
		return 0;
	result = live_put(thread->space, kind, id, &value, &old);
	if (result == LIVE_REPLACED) {
		count(WIRE_MISSED_RELEASES);
		account_released(thread, &old);
	}
	if (result == LIVE_FULL) {
		count(WIRE_LOST_LIVE);
		__sync_fetch_and_add(&site->lost, 1);
		return 0;
	}
	weight = block_weight(kind, size);
	__sync_fetch_and_add(&site->acquired_count, weight.count);
	__sync_fetch_and_add(&site->acquired_bytes, weight.bytes);
	site->last = now;
	if (kind == WIRE_HEAP)
		peak_add(thread, weight.bytes);
	return 0;
}

/* Returns false when the id is not live; else `*value` is what it stood for. */
static __always_inline bool account_take(struct thread *thread, u32 kind, u64 id,
					 struct wire_live *value)
{
	return live_take(thread->space, kind, id, value);
}

static __always_inline void account_release(struct thread *thread, u32 kind, u64 id)
{
	struct wire_live value = {};

	if (account_take(thread, kind, id, &value)) {
		account_released(thread, &value);
	} else if (kind == WIRE_HEAP && !sample_bytes) {
		u32 index = thread->space;
		struct wire_space *space = bpf_map_lookup_elem(&spaces, &index);

		count(WIRE_UNMATCHED_RELEASES);
		if (space)
			__sync_fetch_and_add(&space->unmatched_releases, 1);
	}
}

/* Puts back what account_take took: the release did not happen. */
static __always_inline void account_restore(struct thread *thread, u32 kind, u64 id,
					    const struct wire_live *value)
{
	struct wire_live old = {};

	if (live_put(thread->space, kind, id, value, &old) == LIVE_FULL) {
		count(WIRE_LOST_LIVE);
		account_released(thread, value);
	}
}

/*
 * Takes an acquisition out as if it had never been: the outer call counts it. Returns
 * when it was born, in ticks, or 0.
 */
static __always_inline u32 account_forget(struct thread *thread, u32 kind, u64 id)
{
	struct wire_live value = {};
	struct wire_site *site;
	struct weight weight;
	u32 index;

	if (!account_take(thread, kind, id, &value))
		return 0;
	index = value.site;
	site = bpf_map_lookup_elem(&sites, &index);
	if (site) {
		weight = block_weight(kind, value.size);
		__sync_fetch_and_add(&site->acquired_count, -weight.count);
		__sync_fetch_and_add(&site->acquired_bytes, -weight.bytes);
		if (kind == WIRE_HEAP)
			peak_add(thread, -(s64)weight.bytes);
	}
	return value.born;
}

#endif
