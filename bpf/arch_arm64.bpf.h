/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What depends on the architecture, see arch_x86.bpf.h: arm64 (AAPCS64; arch/arm64/include/asm/
 * ptrace.h, thread_info.h and processor.h of the kernel). A return address is in x30 until the
 * function saves it, and the kernel's return probe puts its trampoline there.
 */
#ifndef LEAKTRACE_ARCH_ARM64_BPF_H
#define LEAKTRACE_ARCH_ARM64_BPF_H

#include "maps.bpf.h"
#include "window.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define KEPT_FIRST 19 /* x19 to x29 are kept by functions */
#define KEPT_COUNT 11

/* The kernel's interface: its struct pt_regs begins so. */
struct user_pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
	u64 pstate;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs___syscall {
	u64 orig_x0;
	int syscallno;
};

struct thread_info___arm64 {
	unsigned long flags;
};

struct thread_struct___arm64 {
	struct {
		unsigned long tp_value;
	} uw;
};

struct task_struct___arm64 {
	struct thread_info___arm64 thread_info;
	struct thread_struct___arm64 thread;
	int *clear_child_tid;
};

#pragma clang attribute pop

/* ---- frames ------------------------------------------------------------------ */

/* Above an address of 48 bits there may be a signature, made by pointer authentication. */
static __always_inline u64 code_address(u64 word)
{
	return word & ((1ULL << 48) - 1);
}

/* What x30 holds, in the first function of a walk; 0: that has made a call. */
static __always_inline void walk_set_link(struct walk *walk, u64 link)
{
	walk->link = link;
}

static __always_inline u64 walk_pending_slot(const struct walk *walk)
{
	return walk->sp;
}

/* bl; blr; blraa and its kin */
__weak __noinline int code_follows_call(u64 pc)
{
	u32 code = 0;

	if (bpf_probe_read_user(&code, sizeof(code), (void *)(code_address(pc) - sizeof(code))))
		return false;
	return (code & 0xfc000000) == 0x94000000 || (code & 0xfffffc1f) == 0xd63f0000 ||
	       (code & 0xfefff800) == 0xd63f0800;
}

/* mov x8, #139; svc #0: rt_sigreturn(2). The kernel's own has no unwind information. */
static __always_inline bool code_is_sigreturn(u64 pc)
{
	u64 code = 0;

	return !bpf_probe_read_user(&code, sizeof(code), (void *)pc) &&
	       code == 0xd4000001d2801168ULL;
}

/* arch/arm64/kernel/signal.c, struct rt_sigframe: x0 of the registers that were interrupted. */
#define SIGNAL_REGISTERS 312

static __always_inline int walk_signal(struct walk *walk)
{
	u64 saved = walk->sp + SIGNAL_REGISTERS, fp, link, sp, pc;

	if (slot_read(walk, saved + 29 * sizeof(u64), &fp) ||
	    slot_read(walk, saved + 30 * sizeof(u64), &link) ||
	    slot_read(walk, saved + 31 * sizeof(u64), &sp) ||
	    slot_read(walk, saved + 32 * sizeof(u64), &pc))
		return WIRE_STACK_UNREADABLE;
	/* Names are looked up one byte before a frame's address; nothing called this code. */
	walk->frame_pc++;
	walk->pc = pc;
	walk->sp = sp;
	walk->fp = fp;
	walk->link = link;
	walk->exact_pc = true;
	return UNWIND_GOES_ON;
}

static __always_inline int walk_to(struct walk *walk, u64 caller, u64 cfa, u64 fp)
{
	walk->pc = code_address(caller);
	walk->sp = cfa;
	walk->fp = fp;
	walk->link = 0;
	walk->exact_pc = false;
	return caller ? UNWIND_GOES_ON : WIRE_STACK_COMPLETE;
}

/* Whether x29 was made a frame pointer is not known: only what a call left is believed. */
static __always_inline int walk_by_frame_pointer(struct walk *walk)
{
	u64 fp = 0, caller = 0;

	if (walk->exact_pc || walk->fp < walk->sp || slot_read(walk, walk->fp, &fp) ||
	    slot_read(walk, walk->fp + 8, &caller) || !code_follows_call(caller))
		return WIRE_STACK_NO_RULE;
	return walk_to(walk, caller, walk->fp + 16, fp);
}

static __always_inline int walk_frame(struct walk *walk, const struct wire_rule *rule)
{
	u64 fp = walk->fp, caller = walk->link, cfa, slot;

	switch (rule ? rule->cfa : WIRE_CFA_NO_RULE) {
	case WIRE_CFA_SP:
		cfa = walk->sp + rule->cfa_offset;
		break;
	case WIRE_CFA_FP:
		cfa = walk->fp + rule->cfa_offset;
		break;
	case WIRE_CFA_OUTERMOST:
		return WIRE_STACK_COMPLETE;
	case WIRE_CFA_UNSUPPORTED:
		return WIRE_STACK_UNSUPPORTED;
	default:
		if (code_is_sigreturn(walk->pc))
			return walk_signal(walk);
		return rule ? WIRE_STACK_NO_RULE : walk_by_frame_pointer(walk);
	}
	slot = cfa + (s64)rule->fp_offset * 8;
	if (rule->fp == WIRE_FP_SAME) {
		if (!caller)
			return WIRE_STACK_NO_RULE;
	} else if (cfa <= walk->sp) {
		return WIRE_STACK_BACKWARDS;
	} else if (rule->fp == WIRE_FP_PAIR) {
		if (slot_read(walk, slot, &fp) || slot_read(walk, slot + 8, &caller))
			return WIRE_STACK_UNREADABLE;
	} else if (slot_read(walk, slot, &caller)) {
		return WIRE_STACK_UNREADABLE;
	}
	return cfa < walk->sp ? WIRE_STACK_BACKWARDS : walk_to(walk, caller, cfa, fp);
}

/* ---- a function's entry and return ------------------------------------------- */

static __always_inline u64 entry_caller(struct pt_regs *regs)
{
	return code_address(PT_REGS_RET(regs));
}

static __always_inline u64 entry_stack_pointer(u64 stack_pointer)
{
	return stack_pointer;
}

/* Where a function has saved its return address is not known: it is on the stack, once walked. */
#define CALL_IS_OPEN_BY_STACK 1

__weak __noinline int stack_has(struct thread *thread, u64 caller)
{
	if (!thread)
		return false;
	for (u32 i = 0; i < WIRE_MAX_FRAMES && i < thread->stack.depth; i++)
		if (thread->stack.frames[i] == caller)
			return true;
	/* A stack that is cut has no say. */
	return !thread->stack.depth || thread->stack.end != WIRE_STACK_COMPLETE;
}

static __always_inline bool call_is_open(struct thread *thread, u64 stack_pointer, u64 caller)
{
	return stack_has(thread, caller);
}

/* By the frame of its caller: that of the call, or of one that has no frame of its own. */
static __always_inline bool call_is_outer(struct pt_regs *regs, u64 stack_pointer, u64 caller)
{
	u64 fp = PT_REGS_FP(regs), address = 0;

	return fp >= PT_REGS_SP(regs) && fp < stack_pointer &&
	       !bpf_probe_read_user(&address, sizeof(address), (void *)(fp + 8)) &&
	       code_address(address) == caller;
}

/* ---- system calls ------------------------------------------------------------ */

#define TIF_32BIT 22

static __always_inline bool syscall_is_32_bit(struct task_struct *task)
{
	return ((struct task_struct___arm64 *)task)->thread_info.flags >> TIF_32BIT & 1;
}

static __always_inline u64 syscall_number(struct pt_regs *regs)
{
	return (u32)((struct pt_regs___syscall *)regs)->syscallno;
}

/* x0 has the result in it by the return. */
static __always_inline void syscall_read(struct syscall *syscall, struct pt_regs *context)
{
	const struct user_pt_regs *regs = (const struct user_pt_regs *)context;

	syscall->args[0] = ((struct pt_regs___syscall *)context)->orig_x0;
	syscall->args[1] = regs->regs[1];
	syscall->args[2] = regs->regs[2];
	syscall->args[3] = regs->regs[3];
	syscall->args[4] = regs->regs[4];
	syscall->args[5] = regs->regs[5];
	syscall->ip = regs->pc;
	syscall->sp = regs->sp;
	syscall->fp = regs->regs[29];
	syscall->link = regs->regs[30];
}

/* clone(2) is called by functions that save nothing. */
static __always_inline u64 clone_caller(struct pt_regs *regs, u64 *stack_pointer)
{
	*stack_pointer = PT_REGS_SP(regs);
	return code_address(PT_REGS_RET(regs));
}

/* ---- threads ----------------------------------------------------------------- */

static __always_inline u64 task_thread_pointer(struct task_struct *task)
{
	return BPF_CORE_READ((struct task_struct___arm64 *)task, thread.uw.tp_value);
}

/* glibc: nptl/descr.h, struct pthread: tid. musl: src/internal/pthread_impl.h */
#define GLIBC_ID_OFFSET 208
#define MUSL_RECORD_BYTES 200
#define RECORD_BYTES_MAX 8192

/*
 * The handle is the address of the thread library's record, which ends where the thread pointer
 * points. How long it is depends on the library's version. glibc has the kernel clear the thread's
 * id in it at its end; musl, which has it clear another word, does not change.
 */
static __always_inline u64 task_handle(struct task_struct *task, u32 space_number)
{
	u64 id = (u64)BPF_CORE_READ((struct task_struct___arm64 *)task, clear_child_tid);
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &space_number);
	u64 pointer = task_thread_pointer(task);

	if (!space)
		return pointer;
	/* It is forgotten by the thread's end. */
	if (id)
		space->thread_record_bytes = pointer - id < RECORD_BYTES_MAX
						     ? pointer - id + GLIBC_ID_OFFSET
						     : MUSL_RECORD_BYTES;
	return pointer - space->thread_record_bytes;
}

static __always_inline void registers_kept(struct wire_registers *registers,
					   struct pt_regs *context)
{
	const struct user_pt_regs *regs = (const struct user_pt_regs *)context;

	__builtin_memset(registers, 0, sizeof(*registers));
	registers->sp = regs->sp;
#pragma unroll
	for (u32 i = 0; i < KEPT_COUNT; i++)
		registers->words[i] = regs->regs[KEPT_FIRST + i];
}

static __always_inline void registers_all(struct wire_registers *registers, struct pt_regs *regs)
{
	registers->sp = PT_REGS_SP_CORE(regs);
	bpf_probe_read_kernel(registers->words, sizeof(registers->words), regs);
}

/* ---- page faults ------------------------------------------------------------- */

/* There is no tracepoint of page faults here. */
#define FAULT_WRITE 0

#endif
