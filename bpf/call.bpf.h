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
#include "arch.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"
#include "task.bpf.h"
#include "unwind.bpf.h"
#include "vma.bpf.h"

#define PAGE_BYTES 4096

/*
 * All are read, then one is chosen: the compiler must not turn that into a
 * computed offset from the context, which the verifier refuses.
 */
static __always_inline u64 call_argument(struct pt_regs *regs, u32 number)
{
	u64 first = PT_REGS_PARM1(regs), second = PT_REGS_PARM2(regs);
	u64 third = PT_REGS_PARM3(regs), fourth = PT_REGS_PARM4(regs);
	u64 fifth = PT_REGS_PARM5(regs);

	barrier_var(first);
	barrier_var(second);
	barrier_var(third);
	barrier_var(fourth);
	barrier_var(fifth);
	switch (number) {
	case 0:
		return first;
	case 1:
		return second;
	case 2:
		return third;
	case 3:
		return fourth;
	case 4:
		return fifth;
	default:
		return 0;
	}
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
__weak __noinline int call_drop(struct thread *thread)
{
	struct call *call = thread ? call_top(thread) : NULL;

	if (!call)
		return 0;
	thread->depth--;
	count(WIRE_ABANDONED_CALLS);
	if (call->has_old)
		account_restore(thread, call->kind, call->id, &call->old);
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
static __noinline bool call_is_jump(u64 caller)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 trampoline = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);

	return caller && caller == trampoline;
}

/* Drops the calls that were left before the one that begins. */
static __always_inline void calls_drop_left(struct thread *thread, struct pt_regs *regs)
{
	u64 stack_pointer = PT_REGS_SP(regs);
	struct call *call;

	calls_drop_below(thread, stack_pointer);
	call = call_top(thread);
	if (call && call->stack_pointer == stack_pointer && !call_is_jump(entry_caller(regs)))
		calls_drop_below(thread, stack_pointer + 1);
}

/*
 * The old block is taken out at entry. Inside another resizing call (reallocarray
 * -> realloc) that has been done: from here on it is the inner call's to give back.
 */
static __always_inline void call_take_old(struct thread *thread, struct call *outer,
					  struct call *call, u32 kind)
{
	if (outer && outer->has_old && outer->kind == kind && outer->id == call->id) {
		call->old = outer->old;
		call->has_old = true;
		outer->has_old = false;
		outer->id = 0;
	} else {
		call->has_old = account_take(thread, kind, call->id, &call->old);
	}
}

/* A call that is asked, by a flag in a structure, for what need not be given back. */
static __always_inline bool call_is_exempt(struct pt_regs *regs, struct wire_probe probe)
{
	u64 address;
	u32 word = 0;

	if (probe.skip_arg == WIRE_NO_ARG)
		return false;
	address = call_argument(regs, probe.skip_arg);
	return address &&
	       !bpf_probe_read_user(&word, sizeof(word), (void *)(address + probe.skip_offset)) &&
	       (word & 1);
}

/*
 * The kind of what the innermost call around `stack_pointer` acquires, or -1. Calls
 * that were left are below it.
 */
__weak __noinline int call_kind_around(struct thread *thread, u64 stack_pointer)
{
	int kind = -1;

	if (!thread)
		return kind;
	for (u32 i = 0; i < MAX_CALLS; i++)
		if (i < thread->depth && thread->calls[i].stack_pointer > stack_pointer)
			kind = thread->calls[i].kind;
	return kind;
}

/*
 * Whether the call's block is one of those that are not sampled. What a call inside another asks
 * for is the outer one's, which has drawn for it.
 */
static __always_inline bool call_passes(struct thread *thread, const struct call *outer,
					struct wire_probe probe, struct pt_regs *regs, u64 size)
{
	if (!sample_bytes || probe.kind != WIRE_HEAP)
		return false;
	if (outer && outer->kind == WIRE_HEAP)
		return true;
	if (sample_is_passed(thread, regs, size))
		return true;
	if (sample_takes(thread, size))
		return false;
	sample_pass(thread, regs, size);
	return true;
}

/* Returns false when the call need not be seen at its return. */
static __always_inline bool call_enter(struct pt_regs *regs, struct wire_probe probe)
{
	struct thread *thread = thread_current();
	struct call *outer, *call;
	bool is_passed;
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
	calls_drop_left(thread, regs);
	if (thread->depth >= MAX_CALLS) {
		count(WIRE_LOST_CALLS);
		return false;
	}
	outer = call_top(thread);
	is_passed = call_passes(thread, outer, probe, regs, size);
	if (is_passed && probe.op != WIRE_RESIZE)
		return false;
	thread->depth++;
	call = call_top(thread);
	if (!call)
		return false;
	call->stack_pointer = PT_REGS_SP(regs);
	call->kind = probe.kind;
	call->is_exempt = call_is_exempt(regs, probe);
	call->size = size;
	call->has_old = false;
	call->has_inner = false;
	call->is_passed = is_passed;
	if (probe.kind == WIRE_THREAD)
		call->entered_ns = bpf_ktime_get_ns();
	if (probe.op == WIRE_ACQUIRE)
		return true;
	call->id = call_argument(regs, probe.id_arg);
	if ((probe.op == WIRE_RESIZE || probe.op == WIRE_RELEASE_IF) && call->id)
		call_take_old(thread, outer, call, probe.kind);
	if (is_passed && !call->has_old) {
		thread->depth--;
		return false;
	}
	return true;
}

/* Tells the call around this one that the block came from inside it. */
static __always_inline void call_tell_outer(struct thread *thread, u32 kind, u64 id, u64 size)
{
	struct call *outer = call_top(thread);

	if (!outer || outer->kind != kind)
		return;
	outer->has_inner = true;
	outer->inner_id = id;
	outer->inner_size = size;
}

static __always_inline void call_acquired(struct thread *thread, const struct registers *regs,
					  struct call *call, u32 kind, u64 id, u32 born)
{
	if (call->has_inner && id - call->inner_id <= call->inner_size) {
		u32 inner_born = account_forget(thread, kind, call->inner_id);

		born = born ?: inner_born;
	}
	walk_set_link(&thread->walk, 0);
	unwind(thread, regs->ip, regs->sp, regs->fp);
	account_acquire(thread, kind, id, call->size, born);
	call_tell_outer(thread, kind, id, call->size);
}

static __always_inline void call_resized(struct thread *thread, const struct registers *regs,
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
	if (result && !call->is_passed)
		call_acquired(thread, regs, call, probe.kind, result,
			      in_place ? call->old.born : 0);
}

static __always_inline bool call_succeeded(u64 result, u32 when)
{
	switch (when) {
	case WIRE_WHEN_NONZERO:
		return result;
	case WIRE_WHEN_ZERO:
		return !(u32)result;
	case WIRE_WHEN_NONNEGATIVE:
		return (int)result >= 0;
	case WIRE_WHEN_POSITIVE:
		return (int)result > 0;
	case WIRE_WHEN_NOT_MINUS_ONE:
		return (int)result != -1;
	default:
		return true;
	}
}

/* The handle that a call which returned `result` has acquired; 0: none. */
static __always_inline u64 call_handle(const struct call *call, struct wire_probe probe, u64 result)
{
	if (!call_succeeded(result, probe.when))
		return 0;
	if (probe.op == WIRE_ACQUIRE_ARG)
		return call->id;
	if (probe.op == WIRE_ACQUIRE_OUT &&
	    bpf_probe_read_user(&result, sizeof(result), (void *)call->id))
		return 0;
	return result;
}

static __always_inline void call_released(struct thread *thread, struct call *call,
					  struct wire_probe probe, u64 result)
{
	/* The call inside this one has taken the handle over, and tells. */
	if (!call->id)
		return;
	if (!call_succeeded(result, probe.when)) {
		if (call->has_old)
			account_restore(thread, probe.kind, call->id, &call->old);
		return;
	}
	if (probe.flags & WIRE_JOINS)
		task_joined(thread->space, call->id, call->entered_ns);
	if (call->has_old)
		account_released(thread, &call->old);
	else if (probe.kind == WIRE_THREAD)
		task_end_early(thread, call->id);
}

static __always_inline void call_return(struct pt_regs *context, struct wire_probe probe)
{
	struct registers regs = { PT_REGS_IP(context), PT_REGS_SP(context), PT_REGS_FP(context),
				  false };
	u64 result = PT_REGS_RC(context), stack_pointer;
	struct mapping_view view = {};
	struct thread *thread;
	struct call *call;

	/* Read now, from fixed offsets: see call_argument(). */
	barrier_var(result);
	barrier_var(regs.ip);
	barrier_var(regs.sp);
	barrier_var(regs.fp);
	stack_pointer = entry_stack_pointer(regs.sp);
	thread = thread_current();
	if (!thread)
		return;
	calls_drop_below(thread, stack_pointer);
	call = call_top(thread);
	if (!call || call->stack_pointer != stack_pointer) {
		/*
		 * Not every way to attach can do without the return probe of one call; and up to
		 * Linux 6.12 a return that one process is probed for is told by the probes of all.
		 */
		if (thread->returned_sp != stack_pointer &&
		    (!sample_bytes || probe.kind != WIRE_HEAP))
			count(WIRE_LOST_CALLS);
		return;
	}
	thread->depth--;
	thread->returned_sp = stack_pointer;
	if (call->is_exempt)
		return;
	if (probe.op == WIRE_RESIZE) {
		call_resized(thread, &regs, call, probe, result);
		return;
	}
	if (probe.op == WIRE_RELEASE_IF) {
		call_released(thread, call, probe, result);
		return;
	}
	result = call_handle(call, probe, result);
	if (!result)
		return;
	if (probe.flags & WIRE_SIZE_OF_MAPPING) {
		mapping_look(result, &view);
		call->size = view.bytes;
	}
	call_acquired(thread, &regs, call, probe.kind, result, 0);
	if (probe.kind == WIRE_THREAD)
		task_end_if_early(thread, result, call->entered_ns);
}

/* A resizing function that frees its old block by itself: counted at its return. */
static __always_inline bool call_releases_old(struct thread *thread, u32 kind, u64 id)
{
	struct call *call = call_top(thread);

	return call && call->kind == kind && call->has_old && call->id == id;
}

#endif
