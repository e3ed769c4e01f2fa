/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack of the running thread: return addresses, innermost first. Walked by
 * unwind tables, by frame pointers through code that has none. Where rules come
 * from is rules.bpf.h, what they mean for registers arch.bpf.h.
 */
#ifndef LEAKTRACE_UNWIND_BPF_H
#define LEAKTRACE_UNWIND_BPF_H

#include "arch.bpf.h"
#include "maps.bpf.h"
#include "rules.bpf.h"
#include "vma.bpf.h"
#include "window.bpf.h"

#include <bpf/bpf_core_read.h>

/* Return probes pending at once that the walk looks through. */
#define PENDING_MAX 64

/* What a walk begins with. */
struct registers {
	u64 ip;
	u64 sp;
	u64 fp;
	bool exact_ip; /* not behind a call: the code there was interrupted */
};

__weak __noinline u64 pending_next(u64 pending)
{
	return (u64)BPF_CORE_READ((struct return_instance *)pending, next);
}

/* The return address that a pending return keeps for `slot`; 0: it is another's. */
__weak __noinline u64 pending_at(u64 pending, u64 slot)
{
	struct return_instance *instance = (struct return_instance *)pending;

	return BPF_CORE_READ(instance, stack) == slot ? BPF_CORE_READ(instance, orig_ret_vaddr) : 0;
}

/*
 * Where the return address of a function with a pending return probe is kept: in
 * its slot the kernel has put the address of a trampoline.
 */
__weak __noinline int pending_return(u64 address, u64 slot, u64 *result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 pending;
	u64 trampoline = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);

	if (!result || address != trampoline)
		return -1;
	pending = (u64)BPF_CORE_READ(task, utask, return_instances);
	for (int i = 0; i < PENDING_MAX && pending; i++) {
		*result = pending_at(pending, slot);
		if (*result && *result != trampoline)
			return 0;
		pending = pending_next(pending);
	}
	return -1;
}

/* From a frame to its caller's. Returns UNWIND_GOES_ON or how the stack ended. */
__weak __noinline int walk_step(struct walk *walk, u32 space)
{
	struct wire_rule *rule = NULL;
	int number;
	u32 key;

	if (!walk)
		return WIRE_STACK_UNREADABLE;
	/* A return address may be the first byte behind a function that never returns. */
	number = rule_find(space, walk->pc - !walk->exact_pc);
	if (number == RULE_NO_MAPPING &&
	    !pending_return(walk->pc, walk_pending_slot(walk), &walk->pc))
		number = rule_find(space, walk->pc - 1);
	walk->frame_pc = walk->pc + walk->exact_pc;
	if (number == RULE_NO_MAPPING && !code_is_made(walk->pc))
		return WIRE_STACK_NO_MAPPING;
	if (number >= 0) {
		key = number;
		rule = bpf_map_lookup_elem(&rules, &key);
		if (!rule)
			return WIRE_STACK_NO_RULE;
	}
	return walk_frame(walk, rule);
}

static __always_inline void stack_by_tables(struct thread *thread, const struct registers *regs,
					    u32 limit)
{
	struct wire_event_stack *stack = &thread->stack;
	struct walk *walk = &thread->walk;
	int end = WIRE_STACK_TOO_DEEP;
	u32 depth = 1;

	walk->pc = regs->ip;
	walk->sp = regs->sp;
	walk->fp = regs->fp;
	walk->exact_pc = regs->exact_ip;
	walk->window_bytes = 0;
	stack->frames[0] = walk->pc + walk->exact_pc;
	for (u32 i = 1; i < WIRE_MAX_FRAMES; i++) {
		if (i >= limit)
			break;
		end = walk_step(walk, thread->space);
		stack->frames[i - 1] = walk->frame_pc;
		if (end != UNWIND_GOES_ON)
			break;
		stack->frames[i] = walk->pc + walk->exact_pc;
		depth = i + 1;
		end = WIRE_STACK_TOO_DEEP;
	}
	stack->depth = depth;
	stack->end = end;
}

/* Below is nothing mapped, above no program of a 48-bit address space. */
#define CODE_FIRST 4096
#define CODE_LAST ((1ULL << 48) - 1)
/* No function is thought to have more on the stack than this. */
#define FRAME_BYTES_MAX (1 << 20)

/* What a frame pointer points to. */
struct frame_record {
	u64 caller;
	u64 return_address;
};

/*
 * In code without frame pointers the register holds anything. What would be found
 * behind it differs from call to call, and each would make a call site of its own
 * and fill the table: a frame must lie on the stack, above the one before it. That
 * is why this is no bpf_get_stack, which follows any pointer.
 */
static __always_inline void stack_by_frame_pointers(struct thread *thread,
						    const struct registers *regs, u32 limit)
{
	u64 stack_pointer = regs->sp, frame_pointer = regs->fp;
	struct wire_event_stack *stack = &thread->stack;
	struct frame_record record;

	stack->end = WIRE_STACK_UNKNOWN;
	stack->depth = 1;
	stack->frames[0] = regs->ip + regs->exact_ip;
	for (u32 i = 1; i < WIRE_MAX_FRAMES; i++) {
		if (i >= limit) {
			stack->end = WIRE_STACK_TOO_DEEP;
			return;
		}
		if (frame_pointer < stack_pointer ||
		    frame_pointer - stack_pointer > FRAME_BYTES_MAX ||
		    frame_pointer % sizeof(u64) ||
		    bpf_probe_read_user(&record, sizeof(record), (void *)frame_pointer))
			return;
		record.return_address = code_address(record.return_address);
		if (record.return_address < CODE_FIRST || record.return_address > CODE_LAST)
			return;
		stack->frames[i] = record.return_address;
		stack->depth = i + 1;
		stack_pointer = frame_pointer + sizeof(record);
		frame_pointer = record.caller;
	}
}

__weak __noinline int unwind_from(struct thread *thread, u64 ip, u64 sp, u64 fp, bool exact_ip)
{
	struct registers regs = { ip, sp, fp, exact_ip };
	u32 limit = stack_frames;

	if (!thread)
		return 0;
	if (limit > WIRE_MAX_FRAMES)
		limit = WIRE_MAX_FRAMES;
	if (by_frame_pointer)
		stack_by_frame_pointers(thread, &regs, limit);
	else
		stack_by_tables(thread, &regs, limit);
	if (wire_stack_is_cut(thread->stack.end))
		count(wire_cut_counter(thread->stack.end));
	return 0;
}

/*
 * The stack from a function's return or a system call's on: the instruction pointer
 * is behind a call, stack and frame pointer are the caller's. What the first function
 * has in a register is set before, by walk_set_link().
 */
static __always_inline void unwind(struct thread *thread, u64 ip, u64 sp, u64 fp)
{
	unwind_from(thread, ip, sp, fp, false);
}

/* The stack of code that was interrupted before the instruction at `ip`. */
static __always_inline void unwind_interrupted(struct thread *thread, u64 ip, u64 sp, u64 fp)
{
	unwind_from(thread, ip, sp, fp, true);
}

#endif
