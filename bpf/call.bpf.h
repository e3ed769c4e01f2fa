/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of acquiring functions, from entry to return. A thread's open calls are
 * a stack, told apart by the stack pointer at their entry; calls that were left
 * by longjmp or an exception are recognised by it and dropped.
 *
 * A call inside another one (operator new -> malloc, realloc -> malloc) counts
 * at once; when the outer call returns the same block, or one inside it, the
 * inner one is taken back. So nothing is lost when the outer call never returns.
 */
#ifndef LEAKTRACE_CALL_BPF_H
#define LEAKTRACE_CALL_BPF_H

#include "account.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"
#include "unwind.bpf.h"

#define PAGE_BYTES 4096

/*
 * All are read, then one is chosen: the compiler must not turn that into a
 * computed offset from the context, which the verifier refuses.
 */
static __always_inline u64 call_argument(struct pt_regs *regs, u32 number)
{
	u64 first = PT_REGS_PARM1(regs), second = PT_REGS_PARM2(regs);
	u64 third = PT_REGS_PARM3(regs), fourth = PT_REGS_PARM4(regs);

	barrier_var(first);
	barrier_var(second);
	barrier_var(third);
	barrier_var(fourth);
	return number == 0 ? first : number == 1 ? second : number == 2 ? third : fourth;
}

static __always_inline u64 saturating_product(u64 a, u64 b)
{
	u64 small = a < b ? a : b, large = a < b ? b : a;

	if (small >> 32 || ((large >> 32) * small) >> 32)
		return ~0ULL;
	return a * b;
}

static __always_inline u64 call_size(struct pt_regs *regs, struct wire_probe probe)
{
	u64 size = call_argument(regs, probe.size_args & 0xf);
	u32 count_arg = probe.size_args >> 4;

	if (count_arg != WIRE_NO_ARG)
		size = saturating_product(size, call_argument(regs, count_arg));
	if (probe.flags & WIRE_SIZE_IN_PAGES)
		size = (size + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1ULL);
	return size;
}

static __always_inline struct call *call_top(struct thread *thread)
{
	u32 depth = thread->depth, top;

	if (!depth || depth > MAX_CALLS)
		return NULL;
	top = depth - 1;
	/* Masked where the compiler cannot see that it is in range: the verifier must. */
	barrier_var(top);
	return &thread->calls[top & (MAX_CALLS - 1)];
}

/* Global, as what follows is called from a loop: verified once and not for each turn. */
__noinline int call_drop(struct thread *thread)
{
	struct call *call = thread ? call_top(thread) : NULL;

	if (!call)
		return 0;
	thread->depth--;
	count(WIRE_ABANDONED_CALLS);
	if (call->has_old)
		account_restore(thread, WIRE_HEAP, call->id, &call->old);
	return 0;
}

/* Drops the calls entered below `stack_pointer`: the stack has been cut back past them. */
static __always_inline void calls_drop_below(struct thread *thread, u64 stack_pointer)
{
	for (int i = 0; i < MAX_CALLS; i++) {
		struct call *call = call_top(thread);

		if (!call || call->stack_pointer >= stack_pointer)
			return;
		call_drop(thread);
	}
}

/*
 * A function that ends with a jump to another (realloc of NULL, to malloc) leaves it
 * its own stack pointer, and the kernel's return trampoline as the return address:
 * both will be seen to return.
 */
static __noinline bool call_is_jump(u64 stack_pointer)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 trampoline = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr), target = 0;

	return !bpf_probe_read_user(&target, sizeof(target), (void *)stack_pointer) &&
	       target == trampoline;
}

/* Drops the calls that were left before the one that begins at `stack_pointer`. */
static __always_inline void calls_drop_left(struct thread *thread, u64 stack_pointer)
{
	struct call *call;

	calls_drop_below(thread, stack_pointer);
	call = call_top(thread);
	if (call && call->stack_pointer == stack_pointer && !call_is_jump(stack_pointer))
		calls_drop_below(thread, stack_pointer + 1);
}

/*
 * The old block is taken out at entry. Inside another resizing call (reallocarray
 * -> realloc) that has been done: from here on it is the inner call's to give back.
 */
static __always_inline void call_take_old(struct thread *thread, struct call *outer,
					  struct call *call, u32 kind)
{
	if (outer && outer->has_old && outer->id == call->id) {
		call->old = outer->old;
		call->has_old = true;
		outer->has_old = false;
		outer->id = 0;
	} else {
		call->has_old = account_take(thread, kind, call->id, &call->old);
	}
}

/* Returns false when the call need not be seen at its return. */
static __always_inline bool call_enter(struct pt_regs *regs, struct wire_probe probe)
{
	struct thread *thread = thread_current();
	struct call *outer, *call;
	u64 size;

	if (!thread)
		return false;
	size = call_size(regs, probe);
	/*
	 * The exception of a failing operator new would end at the kernel's trampoline and
	 * the program with it: no return probe where failure is to be expected.
	 */
	if ((probe.flags & WIRE_MAY_THROW) && size >= huge_bytes) {
		count(WIRE_HUGE_REQUESTS);
		return false;
	}
	calls_drop_left(thread, PT_REGS_SP(regs));
	if (thread->depth >= MAX_CALLS) {
		count(WIRE_LOST_CALLS);
		return false;
	}
	outer = call_top(thread);
	thread->depth++;
	call = call_top(thread);
	if (!call)
		return false;
	call->stack_pointer = PT_REGS_SP(regs);
	call->size = size;
	call->has_old = false;
	call->has_inner = false;
	if (probe.op == WIRE_ACQUIRE)
		return true;
	call->id = call_argument(regs, probe.id_arg);
	if (probe.op == WIRE_RESIZE && call->id)
		call_take_old(thread, outer, call, probe.kind);
	return true;
}

/* Tells the call around this one that the block came from inside it. */
static __always_inline void call_tell_outer(struct thread *thread, u64 id, u64 size)
{
	struct call *outer = call_top(thread);

	if (!outer)
		return;
	outer->has_inner = true;
	outer->inner_id = id;
	outer->inner_size = size;
}

static __always_inline void call_acquired(struct pt_regs *regs, struct thread *thread,
					  struct call *call, u32 kind, u64 id, u32 born)
{
	if (call->has_inner && id - call->inner_id <= call->inner_size) {
		u32 inner_born = account_forget(thread, kind, call->inner_id);

		born = born ?: inner_born;
	}
	unwind_at_return(regs, thread);
	account_acquire(thread, kind, id, call->size, born);
	call_tell_outer(thread, id, call->size);
}

static __always_inline void call_resized(struct pt_regs *regs, struct thread *thread,
					 struct call *call, struct wire_probe probe, u64 result)
{
	bool in_place = call->has_old && result == call->id;
	bool gone = result || (probe.flags & WIRE_RELEASES_ON_FAILURE) || (call->id && !call->size);

	if (call->has_old && !gone) {
		account_restore(thread, probe.kind, call->id, &call->old);
		return;
	}
	if (call->has_old)
		account_released(thread, &call->old);
	else if (call->id && gone)
		account_release(thread, probe.kind, call->id);
	if (result)
		call_acquired(regs, thread, call, probe.kind, result,
			      in_place ? call->old.born : 0);
}

static __always_inline void call_return(struct pt_regs *regs, struct wire_probe probe)
{
	u64 stack_pointer = PT_REGS_SP(regs) - sizeof(u64);
	struct thread *thread = thread_current();
	u64 result = PT_REGS_RC(regs);
	struct call *call;

	if (!thread)
		return;
	calls_drop_below(thread, stack_pointer);
	call = call_top(thread);
	if (!call || call->stack_pointer != stack_pointer) {
		count(WIRE_LOST_CALLS);
		return;
	}
	thread->depth--;
	if (probe.op == WIRE_RESIZE) {
		call_resized(regs, thread, call, probe, result);
		return;
	}
	if (probe.op == WIRE_ACQUIRE_OUT) {
		if (result || bpf_probe_read_user(&result, sizeof(result), (void *)call->id))
			return;
	}
	if (result)
		call_acquired(regs, thread, call, probe.kind, result, 0);
}

/* A resizing function that frees its old block by itself: counted at its return. */
static __always_inline bool call_releases_old(struct thread *thread, u64 id)
{
	struct call *call = call_top(thread);

	return call && call->has_old && call->id == id;
}

#endif
