/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What depends on the architecture: registers, calling convention, instructions, frames. Here
 * x86-64 (System V ABI, 3.2; arch/x86/include/asm/ptrace.h and trap_pf.h of the kernel).
 */
#ifndef LEAKTRACE_ARCH_X86_BPF_H
#define LEAKTRACE_ARCH_X86_BPF_H

#include "maps.bpf.h"
#include "window.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* ---- a function's entry and return ------------------------------------------- */

/* The return address, at a function's entry; 0: it can't be read. */
static __always_inline u64 entry_caller(struct pt_regs *regs)
{
	u64 caller = 0;

	bpf_probe_read_user(&caller, sizeof(caller), (void *)PT_REGS_SP(regs));
	return caller;
}

/* What the stack pointer was at the entry of a function that has returned to `stack_pointer`. */
static __always_inline u64 entry_stack_pointer(u64 stack_pointer)
{
	return stack_pointer - sizeof(u64);
}

/*
 * Whether a function that was entered at `stack_pointer`, to return to `caller`, has not returned
 * yet.
 */
static __always_inline bool call_is_open(struct thread *thread, u64 stack_pointer, u64 caller)
{
	u64 now = 0;

	return !bpf_probe_read_user(&now, sizeof(now), (void *)stack_pointer) && now == caller;
}

/* The same at the entry of a function that it may have called. */
static __always_inline bool call_is_outer(struct pt_regs *regs, u64 stack_pointer, u64 caller)
{
	return call_is_open(NULL, stack_pointer, caller);
}

/* Whether call_is_open() looks at the stack that was walked last: then there must be one. */
#define CALL_IS_OPEN_BY_STACK 0

/* ---- system calls ------------------------------------------------------------ */

/* arch/x86/include/asm/thread_info.h: a 32-bit call, with other numbers */
#define TS_COMPAT 0x0002

static __always_inline bool syscall_is_32_bit(struct task_struct *task)
{
	return task->thread_info.status & TS_COMPAT;
}

static __always_inline u64 syscall_number(struct pt_regs *regs)
{
	return regs->orig_ax;
}

static __always_inline void syscall_read(struct syscall *syscall, struct pt_regs *regs)
{
	syscall->args[0] = regs->di;
	syscall->args[1] = regs->si;
	syscall->args[2] = regs->dx;
	syscall->args[3] = regs->r10;
	syscall->args[4] = regs->r8;
	syscall->args[5] = regs->r9;
	syscall->ip = regs->ip;
	syscall->sp = regs->sp;
	syscall->fp = regs->bp;
}

/* ---- threads ----------------------------------------------------------------- */

static __always_inline u64 task_thread_pointer(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread.fsbase);
}

/* The thread library's handle of a thread that begins or ends. */
static __always_inline u64 task_handle(struct task_struct *task, u32 space_number)
{
	return task_thread_pointer(task);
}

/* What a function must keep for its caller. The others hold nothing of the caller's any more. */
static __always_inline void registers_kept(struct wire_registers *registers, struct pt_regs *regs)
{
	__builtin_memset(registers, 0, sizeof(*registers));
	registers->sp = regs->sp;
	registers->words[0] = regs->bx;
	registers->words[1] = regs->bp;
	registers->words[2] = regs->r12;
	registers->words[3] = regs->r13;
	registers->words[4] = regs->r14;
	registers->words[5] = regs->r15;
}

/* All, of a task that is in the kernel. */
static __always_inline void registers_all(struct wire_registers *registers, struct pt_regs *regs)
{
	registers->sp = BPF_CORE_READ(regs, sp);
	registers->words[0] = BPF_CORE_READ(regs, bx);
	registers->words[1] = BPF_CORE_READ(regs, bp);
	registers->words[2] = BPF_CORE_READ(regs, r12);
	registers->words[3] = BPF_CORE_READ(regs, r13);
	registers->words[4] = BPF_CORE_READ(regs, r14);
	registers->words[5] = BPF_CORE_READ(regs, r15);
	registers->words[6] = BPF_CORE_READ(regs, ax);
	registers->words[7] = BPF_CORE_READ(regs, cx);
	registers->words[8] = BPF_CORE_READ(regs, dx);
	registers->words[9] = BPF_CORE_READ(regs, si);
	registers->words[10] = BPF_CORE_READ(regs, di);
	registers->words[11] = BPF_CORE_READ(regs, r8);
	registers->words[12] = BPF_CORE_READ(regs, r9);
	registers->words[13] = BPF_CORE_READ(regs, r10);
	registers->words[14] = BPF_CORE_READ(regs, r11);
}

/* ---- page faults ------------------------------------------------------------- */

/* enum x86_pf_error_code */
#define FAULT_WRITE 2

/* ---- frames ------------------------------------------------------------------ */

/* The address that a return address stands for. */
static __always_inline u64 code_address(u64 word)
{
	return word;
}

/* Of the first function of a walk: a return address that is in a register. Here none is. */
static __always_inline void walk_set_link(struct walk *walk, u64 link)
{
}

/* The kernel's name for a return that is probed: the slot of the frame last left. */
static __always_inline u64 walk_pending_slot(const struct walk *walk)
{
	return walk->sp - 8;
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

/* What called the function that makes a thread by a system call, and the stack pointer there. */
static __always_inline u64 clone_caller(struct pt_regs *regs, u64 *stack_pointer)
{
	u64 caller = 0;

	*stack_pointer = regs->sp + sizeof(caller);
	bpf_probe_read_user(&caller, sizeof(caller), (void *)regs->sp);
	return caller;
}

/* Whether rbp was made a frame pointer is not known: only what a call left is believed. */
static __always_inline bool walk_by_frame_pointer(struct walk *walk, u64 *cfa, u64 *rbp)
{
	u64 caller = 0;

	if (walk->exact_pc || walk->fp < walk->sp || slot_read(walk, walk->fp, rbp) ||
	    slot_read(walk, walk->fp + 8, &caller) || !code_follows_call(caller))
		return false;
	*cfa = walk->fp + 16;
	return true;
}

static __always_inline int walk_rbp(struct walk *walk, const struct wire_rule *rule, u64 cfa,
				    u64 *rbp)
{
	switch (rule->fp) {
	case WIRE_FP_AT_CFA:
		return slot_read(walk, cfa + rule->fp_offset, rbp);
	case WIRE_FP_AT_FP:
		return slot_read(walk, walk->fp + rule->fp_offset, rbp);
	default:
		*rbp = walk->fp;
		return 0;
	}
}

/* What a signal interrupted: every register is in the signal's frame. */
static __always_inline int walk_signal(struct walk *walk, const struct wire_rule *rule)
{
	u64 saved = walk->sp + rule->cfa_offset;
	u64 rsp, rip, rbp;

	if (slot_read(walk, saved + WIRE_SIGNAL_RBP, &rbp) || slot_read(walk, saved, &rsp) ||
	    slot_read(walk, saved + WIRE_SIGNAL_RIP, &rip))
		return WIRE_STACK_UNREADABLE;
	/* Names are looked up one byte before a frame's address; nothing called this code. */
	walk->frame_pc++;
	walk->pc = rip;
	walk->sp = rsp;
	walk->fp = rbp;
	walk->exact_pc = true;
	return UNWIND_GOES_ON;
}

static __always_inline int walk_cfa(struct walk *walk, const struct wire_rule *rule, u64 *cfa)
{
	switch (rule->cfa) {
	case WIRE_CFA_SP:
		*cfa = walk->sp + rule->cfa_offset;
		return UNWIND_GOES_ON;
	case WIRE_CFA_FP:
		*cfa = walk->fp + rule->cfa_offset;
		return UNWIND_GOES_ON;
	case WIRE_CFA_PLT:
		*cfa = walk->sp + 8 + ((walk->pc & 15) >= 11 ? 8 : 0);
		return UNWIND_GOES_ON;
	case WIRE_CFA_AT_FP:
		return slot_read(walk, walk->fp + rule->cfa_offset, cfa) ? WIRE_STACK_UNREADABLE
									 : UNWIND_GOES_ON;
	case WIRE_CFA_AT_SP:
		return slot_read(walk, walk->sp + rule->cfa_offset, cfa) ? WIRE_STACK_UNREADABLE
									 : UNWIND_GOES_ON;
	case WIRE_CFA_OUTERMOST:
		return WIRE_STACK_COMPLETE;
	case WIRE_CFA_UNSUPPORTED:
		return WIRE_STACK_UNSUPPORTED;
	default:
		return WIRE_STACK_NO_RULE;
	}
}

/*
 * From a frame to its caller's, by the rule for its code; NULL: there is none. Returns
 * UNWIND_GOES_ON or how the stack ended.
 */
static __always_inline int walk_frame(struct walk *walk, const struct wire_rule *rule)
{
	u64 cfa = 0, rbp = 0, pc = 0;
	int end;

	if (rule && rule->cfa == WIRE_CFA_SIGNAL)
		return walk_signal(walk, rule);
	if (rule)
		end = walk_cfa(walk, rule, &cfa);
	else
		end = walk_by_frame_pointer(walk, &cfa, &rbp) ? UNWIND_GOES_ON : WIRE_STACK_NO_RULE;
	if (end != UNWIND_GOES_ON)
		return end;
	if (cfa <= walk->sp)
		return WIRE_STACK_BACKWARDS;
	if (slot_read(walk, cfa - 8, &pc) || (rule && walk_rbp(walk, rule, cfa, &rbp)))
		return WIRE_STACK_UNREADABLE;
	walk->pc = pc;
	walk->sp = cfa;
	walk->fp = rbp;
	walk->exact_pc = false;
	return pc ? UNWIND_GOES_ON : WIRE_STACK_COMPLETE;
}

#endif
