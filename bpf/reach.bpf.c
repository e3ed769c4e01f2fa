/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry points for the look into a process's memory: it is stopped at its end, its
 * threads' registers and its memory are told. No ptrace(2) is needed for any of it.
 */
#include "arch.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"

/* exit(3): what it and the handlers that it calls leave on the stack is nobody's pointer. */
SEC("kprobe")
int process_leaving(struct pt_regs *ctx)
{
	struct thread *thread = thread_current();

	if (thread)
		registers_kept(&thread->leaving, ctx);
	return 0;
}

/* _exit(2) of the C library: stops the process. */
SEC("kprobe")
int process_ending(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = thread_current();
	struct wire_event_ending event = {};
	u32 pid = follow_pid(task);
	struct wire_follow *follow = bpf_map_lookup_elem(&followed, &pid);

	/* The memory of a vfork's child is its parent's, who goes on. */
	if (!thread || !follow || !(follow->flags & WIRE_FOLLOW_PARK_LAST) ||
	    (follow->flags & WIRE_FOLLOW_SHARES))
		return 0;
	follow->flags &= ~WIRE_FOLLOW_PARK_LAST;
	event.head.type = WIRE_EVENT_ENDING;
	event.head.space = follow->space;
	event.head.time_ns = bpf_ktime_get_ns();
	event.head.pid = pid;
	event.tid = follow_tid(task);
	if (thread->leaving.sp >= PT_REGS_SP(ctx))
		event.registers = thread->leaving;
	else
		registers_kept(&event.registers, ctx);
	event.head.parked = park(pid);
	if (event.head.parked)
		event_send(&event.head, sizeof(event));
	return 0;
}

/* Run on demand: the threads of one process, as the kernel has them. */
SEC("iter/task")
int threads_walk(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct wire_thread thread = {};
	struct pt_regs *regs;

	if (!task || follow_pid(task) != walked_pid)
		return 0;
	thread.tid = follow_tid(task);
	/* A kernel for one processor has no such field. */
	if (!bpf_core_field_exists(task->on_cpu) || !BPF_CORE_READ(task, on_cpu))
		thread.state = BPF_CORE_READ(task, __state);
	thread.exit_state = BPF_CORE_READ(task, exit_state);
	thread.flags = BPF_CORE_READ(task, flags);
	thread.process = BPF_CORE_READ(task, tgid);
	thread.switches = BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
	thread.thread_pointer = task_thread_pointer(task);
	thread.signal_stack = BPF_CORE_READ(task, sas_ss_sp);
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	if (regs)
		registers_all(&thread.registers, regs);
	bpf_seq_write(ctx->meta->seq, &thread, sizeof(thread));
	return 0;
}

/* Run on demand: copies what `reads` asks for, by one of the process's threads. */
SEC("iter.s/task")
int memory_read(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct read_buffer *buffer;
	struct wire_read *wanted;
	u32 zero = 0;

	wanted = bpf_map_lookup_elem(&reads, &zero);
	buffer = bpf_map_lookup_elem(&read_buffers, &zero);
	if (!task || !wanted || !buffer || follow_tid(task) != wanted->tid)
		return 0;
	if (wanted->bytes <= sizeof(*buffer))
		wanted->error = bpf_copy_from_user_task(buffer, wanted->bytes,
							(void *)wanted->address, task, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
