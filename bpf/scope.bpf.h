/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scopes: stretches of a thread's run that a user has named, by marks in the program
 * or by a function. What is acquired inside is charged to the scope and, as a scope
 * is entered many times, to the round of entries that it fell into.
 *
 * A call of a function has no return probe (no C++ exception would pass it): it is
 * over when its return address is no longer in its place on the stack (call_is_open()).
 */
#ifndef LEAKTRACE_SCOPE_BPF_H
#define LEAKTRACE_SCOPE_BPF_H

#include "arch.bpf.h"
#include "maps.bpf.h"

/* Round 0 is the warm-up; each round is twice as long as the one before, the last has no end. */
static __always_inline u32 scope_id(u32 number, u64 entries)
{
	u64 left = entries - scope_warm_up, size = scope_first_round;
	u32 round = 1;

	if (entries < scope_warm_up)
		return number << WIRE_SCOPE_ROUND_BITS;
	for (int i = 0; i < WIRE_SCOPE_ROUNDS; i++) {
		if (left < size || round >= scope_rounds)
			break;
		left -= size;
		size *= 2;
		round++;
	}
	return number << WIRE_SCOPE_ROUND_BITS | round;
}

static __always_inline struct open_scope *scope_top(struct thread *thread)
{
	u32 depth = thread->scope_depth, top;

	if (!depth || depth > MAX_SCOPES)
		return NULL;
	top = depth - 1;
	barrier_var(top);
	return &thread->scopes[top & (MAX_SCOPES - 1)];
}

static __always_inline bool scope_is_open(struct thread *thread, const struct open_scope *scope)
{
	return !scope->stack_pointer || call_is_open(thread, scope->stack_pointer, scope->caller);
}

/* What is acquired now belongs to: a thread's innermost scope, or its process's. 0: none. */
static __always_inline u32 scope_current(struct thread *thread, const struct wire_space *space)
{
	for (int i = 0; i < MAX_SCOPES; i++) {
		struct open_scope *top = scope_top(thread);

		if (!top)
			break;
		if (scope_is_open(thread, top))
			return top->id;
		thread->scope_depth--;
	}
	return space ? space->scope : 0;
}

/* Calls entered below `stack_pointer` are over. */
static __always_inline void scope_drop_below(struct thread *thread, u64 stack_pointer)
{
	for (int i = 0; i < MAX_SCOPES; i++) {
		struct open_scope *top = scope_top(thread);

		if (!top || !top->stack_pointer || top->stack_pointer > stack_pointer)
			return;
		thread->scope_depth--;
	}
}

static __always_inline struct wire_scope *
scope_find(struct thread *thread, const struct wire_scope_key *key, struct wire_event_scope *event)
{
	struct wire_scope *scope = bpf_map_lookup_elem(&scopes, key), fresh = {};

	if (scope)
		return scope;
	fresh.number = __sync_fetch_and_add(&next_scope, 1);
	if (fresh.number >= WIRE_SCOPE_NUMBERS) {
		count(WIRE_LOST_SCOPES);
		return NULL;
	}
	if (!bpf_map_update_elem(&scopes, key, &fresh, BPF_NOEXIST)) {
		event->head.type = WIRE_EVENT_SCOPE;
		event->head.space = thread->space;
		event->head.time_ns = bpf_ktime_get_ns();
		event->number = fresh.number;
		event->key = *key;
		if (bpf_ringbuf_output(&events, event, sizeof(*event), 0))
			count(WIRE_LOST_EVENTS);
	}
	scope = bpf_map_lookup_elem(&scopes, key);
	if (!scope)
		count(WIRE_LOST_SCOPES);
	return scope;
}

/* Returns the scope's id for one more entry; 0: there is no room. */
static __always_inline u32 scope_enter(struct thread *thread, const struct wire_scope_key *key,
				       struct wire_event_scope *event)
{
	struct wire_scope *scope = scope_find(thread, key, event);

	return scope ? scope_id(scope->number, __sync_fetch_and_add(&scope->entries, 1)) : 0;
}

static __always_inline void scope_push(struct thread *thread, u32 id, u64 stack_pointer, u64 caller)
{
	struct open_scope *top;

	if (thread->scope_depth >= MAX_SCOPES) {
		count(WIRE_LOST_SCOPES);
		return;
	}
	thread->scope_depth++;
	top = scope_top(thread);
	if (!top)
		return;
	top->id = id;
	top->stack_pointer = stack_pointer;
	top->caller = caller;
}

/* The innermost mark ends, and with it the calls inside. */
static __always_inline void scope_pop_mark(struct thread *thread)
{
	for (int i = 0; i < MAX_SCOPES; i++) {
		struct open_scope *top = scope_top(thread);

		if (!top)
			return;
		thread->scope_depth--;
		if (!top->stack_pointer)
			return;
	}
}

/* Other threads of the process are in the scope that was entered last. */
static __always_inline void scope_set_process(struct thread *thread, u32 id)
{
	u32 index = thread->space;
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &index);

	if (space)
		space->scope = id;
}

#endif
