/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack of the running thread: return addresses, innermost first. Walked by
 * unwind tables, by frame pointers through code that has none. Knows registers
 * and memory; where rules come from is rules.bpf.h.
 *
 * A walk copies the stack in windows and takes its slots from them: one helper
 * call for some thirty frames.
 */
#ifndef LEAKTRACE_UNWIND_BPF_H
#define LEAKTRACE_UNWIND_BPF_H

#include "maps.bpf.h"
#include "rules.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define UNWIND_PAGE 4096
#define UNWIND_GOES_ON (-1)
/* Return probes pending at once that the walk looks through. */
#define PENDING_MAX 64

/* What a walk begins with. */
struct registers {
	u64 ip;
	u64 sp;
	u64 fp;
	bool exact_ip; /* not behind a call: the code there was interrupted */
};

/* Fills the window from `address` on. A whole window may cross the stack's end: then up to the
 * page's. */
static __always_inline bool window_fill(struct walk *walk, u64 address)
{
	u32 bytes = UNWIND_PAGE - (address & (UNWIND_PAGE - 1));

	walk->window_start = address;
	walk->window_bytes = WINDOW_BYTES;
	if (!bpf_probe_read_user(walk->window, WINDOW_BYTES, (void *)address))
		return true;
	walk->window_bytes = bytes;
	if (bytes >= 8 && bytes <= WINDOW_BYTES &&
	    !bpf_probe_read_user(walk->window, bytes, (void *)address))
		return true;
	walk->window_bytes = 0;
	return false;
}

/* Reads a stack slot. Returns 0 or -1. */
__weak __noinline int slot_read(struct walk *walk, u64 address, u64 *value)
{
	u64 offset;

	if (!walk || !value || (address & 7))
		return -1;
	offset = address - walk->window_start;
	if (offset + 8 > walk->window_bytes || offset >= WINDOW_BYTES) {
		if (!window_fill(walk, address))
			return -1;
		offset = 0;
	}
	*value = *(u64 *)(walk->window + (offset & (WINDOW_BYTES - 8)));
	return 0;
}

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

static long vma_look(struct task_struct *task, struct vm_area_struct *vma, void *anonymous)
{
	*(bool *)anonymous = !vma->vm_file;
	return 0;
}

/* The helper came with Linux 5.17; elsewhere the branch is cut off before it is verified. */
static __always_inline bool has_find_vma(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_find_vma);
}

/* Whether code that is in no known mapping was made at run time: nobody tells of it. */
__weak __noinline int code_is_made(u64 pc)
{
	bool anonymous = false;

	if (has_find_vma())
		bpf_find_vma(bpf_get_current_task_btf(), pc, vma_look, &anonymous, 0);
	return anonymous;
}

/* Whether the instruction before `pc` is a call: direct, or "ff /2" of 2 to 7 bytes. */
__weak __noinline int code_follows_call(u64 pc)
{
	u8 code[8];

	if (bpf_probe_read_user(code, sizeof(code), (void *)(pc - sizeof(code))))
		return false;
	if (code[3] == 0xe8)
		return true;
	for (int i = 1; i < 7; i++)
		if (code[i] == 0xff && (code[i + 1] & 0x38) == 0x10)
			return true;
	return false;
}

/* Whether rbp was made a frame pointer is not known: only what a call left is believed. */
static __always_inline bool walk_by_frame_pointer(struct walk *walk, u64 *cfa, u64 *rbp)
{
	u64 caller = 0;

	if (walk->exact_pc || walk->rbp < walk->rsp || slot_read(walk, walk->rbp, rbp) ||
	    slot_read(walk, walk->rbp + 8, &caller) || !code_follows_call(caller))
		return false;
	*cfa = walk->rbp + 16;
	return true;
}

static __always_inline int walk_rbp(struct walk *walk, const struct wire_rule *rule, u64 cfa,
				    u64 *rbp)
{
	switch (rule->rbp) {
	case WIRE_RBP_AT_CFA:
		return slot_read(walk, cfa + rule->rbp_offset, rbp);
	case WIRE_RBP_AT_RBP:
		return slot_read(walk, walk->rbp + rule->rbp_offset, rbp);
	default:
		*rbp = walk->rbp;
		return 0;
	}
}

/* What a signal interrupted: every register is in the signal's frame. */
static __always_inline int walk_signal(struct walk *walk, const struct wire_rule *rule)
{
	u64 saved = walk->rsp + rule->cfa_offset;
	u64 rsp, rip, rbp;

	if (slot_read(walk, saved + WIRE_SIGNAL_RBP, &rbp) || slot_read(walk, saved, &rsp) ||
	    slot_read(walk, saved + WIRE_SIGNAL_RIP, &rip))
		return WIRE_STACK_UNREADABLE;
	/* Names are looked up one byte before a frame's address; nothing called this code. */
	walk->frame_pc++;
	walk->pc = rip;
	walk->rsp = rsp;
	walk->rbp = rbp;
	walk->exact_pc = true;
	return UNWIND_GOES_ON;
}

static __always_inline int walk_cfa(struct walk *walk, const struct wire_rule *rule, u64 *cfa)
{
	switch (rule->cfa) {
	case WIRE_CFA_RSP:
		*cfa = walk->rsp + rule->cfa_offset;
		return UNWIND_GOES_ON;
	case WIRE_CFA_RBP:
		*cfa = walk->rbp + rule->cfa_offset;
		return UNWIND_GOES_ON;
	case WIRE_CFA_PLT:
		*cfa = walk->rsp + 8 + ((walk->pc & 15) >= 11 ? 8 : 0);
		return UNWIND_GOES_ON;
	case WIRE_CFA_AT_RBP:
		return slot_read(walk, walk->rbp + rule->cfa_offset, cfa) ? WIRE_STACK_UNREADABLE
									  : UNWIND_GOES_ON;
	case WIRE_CFA_AT_RSP:
		return slot_read(walk, walk->rsp + rule->cfa_offset, cfa) ? WIRE_STACK_UNREADABLE
									  : UNWIND_GOES_ON;
	case WIRE_CFA_OUTERMOST:
		return WIRE_STACK_COMPLETE;
	case WIRE_CFA_UNSUPPORTED:
		return WIRE_STACK_UNSUPPORTED;
	default:
		return WIRE_STACK_NO_RULE;
	}
}

/* From a frame to its caller's. Returns UNWIND_GOES_ON or how the stack ended. */
__weak __noinline int walk_step(struct walk *walk, u32 space)
{
	u64 cfa = 0, rbp = 0, pc = 0;
	struct wire_rule *rule = NULL;
	int number, end;
	u32 key;

	if (!walk)
		return WIRE_STACK_UNREADABLE;
	/* A return address may be the first byte behind a function that never returns. */
	number = rule_find(space, walk->pc - !walk->exact_pc);
	if (number == RULE_NO_MAPPING && !pending_return(walk->pc, walk->rsp - 8, &walk->pc))
		number = rule_find(space, walk->pc - 1);
	walk->frame_pc = walk->pc + walk->exact_pc;
	if (number == RULE_NO_MAPPING && !code_is_made(walk->pc))
		return WIRE_STACK_NO_MAPPING;
	if (number < 0) {
		end = walk_by_frame_pointer(walk, &cfa, &rbp) ? UNWIND_GOES_ON : WIRE_STACK_NO_RULE;
	} else {
		key = number;
		rule = bpf_map_lookup_elem(&rules, &key);
		if (!rule)
			return WIRE_STACK_NO_RULE;
		if (rule->cfa == WIRE_CFA_SIGNAL)
			return walk_signal(walk, rule);
		end = walk_cfa(walk, rule, &cfa);
	}
	if (end != UNWIND_GOES_ON)
		return end;
	if (cfa <= walk->rsp)
		return WIRE_STACK_BACKWARDS;
	if (slot_read(walk, cfa - 8, &pc) || (rule && walk_rbp(walk, rule, cfa, &rbp)))
		return WIRE_STACK_UNREADABLE;
	walk->pc = pc;
	walk->rsp = cfa;
	walk->rbp = rbp;
	walk->exact_pc = false;
	return pc ? UNWIND_GOES_ON : WIRE_STACK_COMPLETE;
}

static __always_inline void stack_by_tables(struct thread *thread, const struct registers *regs,
					    u32 limit)
{
	struct wire_event_stack *stack = &thread->stack;
	struct walk *walk = &thread->walk;
	int end = WIRE_STACK_TOO_DEEP;
	u32 depth = 1;

	walk->pc = regs->ip;
	walk->rsp = regs->sp;
	walk->rbp = regs->fp;
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
		    bpf_probe_read_user(&record, sizeof(record), (void *)frame_pointer) ||
		    record.return_address < CODE_FIRST || record.return_address > CODE_LAST)
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
 * is behind a call, stack and frame pointer are the caller's.
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
