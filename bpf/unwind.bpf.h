/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack of the running thread: return addresses, innermost first. The only
 * file that knows how stacks are walked; for now by frame pointers.
 */
#ifndef LEAKTRACE_UNWIND_BPF_H
#define LEAKTRACE_UNWIND_BPF_H

#include "maps.bpf.h"

/* Below is nothing mapped, above no program of a 48-bit address space. */
#define CODE_FIRST 4096
#define CODE_LAST ((1ULL << 48) - 1)

/*
 * A frame pointer used for other things leads into data. What it finds there differs
 * from call to call: kept, each would make a call site of its own and fill the table.
 */
static __always_inline void unwind_cut_data(struct wire_event_stack *stack)
{
	for (u32 i = 1; i < WIRE_MAX_FRAMES && i < stack->depth; i++) {
		if (stack->frames[i] < CODE_FIRST || stack->frames[i] > CODE_LAST) {
			stack->depth = i;
			stack->flags = 0;
			return;
		}
	}
}

/*
 * At a function's return: the instruction pointer is the return address, and the
 * frame pointer the caller's, so the helper sees every frame that keeps one.
 */
static __always_inline void unwind_at_return(struct pt_regs *regs, struct wire_event_stack *stack)
{
	u32 limit = stack_frames;
	long bytes;

	stack->flags = 0;
	if (limit <= 1) {
		stack->frames[0] = PT_REGS_IP(regs);
		stack->depth = 1;
		return;
	}
	if (limit > WIRE_MAX_FRAMES)
		limit = WIRE_MAX_FRAMES;
	bytes = bpf_get_stack(regs, stack->frames, limit * sizeof(u64), BPF_F_USER_STACK);
	if (bytes < (long)sizeof(u64)) {
		count(WIRE_FAILED_STACKS);
		stack->flags = WIRE_STACK_FAILED;
		stack->frames[0] = PT_REGS_IP(regs);
		stack->depth = 1;
		return;
	}
	stack->depth = bytes / sizeof(u64);
	if (stack->depth >= limit)
		stack->flags = WIRE_STACK_TRUNCATED;
	unwind_cut_data(stack);
}

#endif
