/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The site table: counters by (space, kind, stack, scope). A stack seen for the first
 * time is sent to the loader, which keeps it; the kernel keeps its hashes only.
 */
#ifndef LEAKTRACE_SITE_BPF_H
#define LEAKTRACE_SITE_BPF_H

#include "maps.bpf.h"
#include "scope.bpf.h"

#define SITE_NONE (-1)

struct stack_hash {
	u64 tag;
	u32 check;
	u32 unused; /* all of it is to be initialised, as it is handed on by address */
};

/*
 * Two independent multiply-rotate hashes over the frames: the first finds the
 * line, the second tells two stacks with the same first hash apart.
 */
static __always_inline struct stack_hash stack_hash(const struct wire_event_stack *stack, u32 space,
						    u32 kind)
{
	u32 shard = bpf_get_smp_processor_id() & (site_shards - 1);
	/* Spread, or the space's few bits and the first frame's could make up for each other. */
	u64 a = (space ^ ((u64)kind << 20) ^ ((u64)shard << 26) ^ ((u64)stack->generation << 32)) *
			0x9ae16a3b2f90404fULL ^
		stack->scope * 0xc2b2ae3d27d4eb4fULL;
	u64 b = (space ^ (u64)stack->generation << 32) * 0xc949d7c7509e6557ULL;
	struct stack_hash hash = {};

	for (u32 i = 0; i < WIRE_MAX_FRAMES; i++) {
		u64 frame;

		if (i >= stack->depth)
			break;
		frame = stack->frames[i];
		a = (a ^ frame) * 0x9fb21c651e98df25ULL;
		a ^= a >> 29;
		b = (b + frame) * 0xd6e8feb86659fd93ULL;
		b ^= b >> 32;
	}
	a = (a ^ (a >> 32)) * 0x9fb21c651e98df25ULL;
	hash.tag = a | WIRE_SITE_USED;
	hash.check = b ^ (b >> 32);
	return hash;
}

/* Returns false when the ring is full: to be sent again at the next hit. */
static __noinline bool stack_send(struct thread *thread, u64 tag, u32 check, u32 kind)
{
	struct wire_event_stack *stack = &thread->stack;
	u64 flags = BPF_RB_NO_WAKEUP;
	u32 size;

	/* Stacks can wait until the loader looks, unless the ring fills up. */
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > WIRE_RING_BYTES / 4)
		flags = BPF_RB_FORCE_WAKEUP;
	stack->head.type = WIRE_EVENT_STACK;
	stack->head.space = thread->space;
	stack->head.time_ns = bpf_ktime_get_ns();
	stack->head.pid = 0;
	stack->head.parked = 0;
	stack->tag = tag;
	stack->check = check;
	stack->kind = kind;
	size = stack->depth;
	if (size > WIRE_MAX_FRAMES)
		return false;
	size = sizeof(*stack) - sizeof(stack->frames) + size * sizeof(u64);
	if (!bpf_ringbuf_output(&events, stack, size, flags))
		return true;
	count(WIRE_LOST_EVENTS);
	return false;
}

static __always_inline bool site_claim(struct wire_site *site, const struct stack_hash *hash,
				       u32 space, u32 kind, u32 now)
{
	if (__sync_val_compare_and_swap(&site->tag, 0, WIRE_SITE_BUSY))
		return false;
	site->acquired_count = 0;
	site->acquired_bytes = 0;
	site->released_count = 0;
	site->released_bytes = 0;
	site->space = space;
	site->check = hash->check;
	site->first = now;
	site->last = now;
	site->lost = 0;
	site->kind = kind;
	site->stack_sent = 0;
	__sync_lock_test_and_set(&site->tag, hash->tag);
	return true;
}

enum site_match {
	SITE_IS_OTHERS,
	SITE_IS_OURS,
	SITE_IS_OUT,
};

/* Global, as it is called from a loop: verified once and not for each turn. */
__weak __noinline int site_look(const struct stack_hash *hash, u32 space, u32 kind, u32 now,
				u32 index)
{
	struct wire_site *site = bpf_map_lookup_elem(&sites, &index);

	if (!site || !hash)
		return SITE_IS_OUT;
	if (site->tag == hash->tag) {
		if (site->check == hash->check && site->space == space)
			return SITE_IS_OURS;
		count(WIRE_COLLISIONS);
	} else if (!site->tag && site_claim(site, hash, space, kind, now)) {
		return SITE_IS_OURS;
	}
	return SITE_IS_OTHERS;
}

/*
 * Finds or makes the line of `thread->stack` among the `lines` from `first` on;
 * returns its index or SITE_NONE.
 */
__weak __noinline int site_find(struct thread *thread, u32 kind, u32 now, u32 first, u32 lines)
{
	struct wire_space *space;
	struct stack_hash hash;
	u32 index;

	if (!thread)
		return SITE_NONE;
	index = thread->space;
	space = bpf_map_lookup_elem(&spaces, &index);
	thread->stack.generation = space ? space->generation : 0;
	thread->stack.scope = scope_current(thread, space);
	hash = stack_hash(&thread->stack, thread->space, kind);
	index = first + (((hash.tag >> 32) * lines) >> 32);
	for (int i = 0; i < WIRE_SITE_PROBES; i++) {
		int match;

		if (index >= first + lines)
			index = first;
		match = site_look(&hash, thread->space, kind, now, index);
		if (match != SITE_IS_OTHERS)
			return match == SITE_IS_OURS ? (int)index : SITE_NONE;
		index++;
	}
	return SITE_NONE;
}

#endif
