/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is followed: from the running task to its address space and thread state. */
#ifndef LEAKTRACE_FOLLOW_BPF_H
#define LEAKTRACE_FOLLOW_BPF_H

#include "maps.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define SIGCONT 18
#define SIGSTOP 19
#define PID_NS_LEVELS 33 /* MAX_PID_NS_LEVEL + 1 */

/* An id, of a struct pid, as leaktrace's own pid namespace has it; 0: not visible there. */
__weak __noinline u32 pid_number(u64 address)
{
	struct pid *pid = (struct pid *)address;
	u32 level = BPF_CORE_READ(pid, level);
	struct upid upid;

	for (u32 i = 0; i < PID_NS_LEVELS && i <= level; i++) {
		if (bpf_core_read(&upid, sizeof(upid), &pid->numbers[i]))
			break;
		if (BPF_CORE_READ(upid.ns, ns.inum) == pid_ns_inum)
			return upid.nr;
	}
	return 0;
}

static __always_inline u32 follow_pid(struct task_struct *task)
{
	return pid_number((u64)BPF_CORE_READ(task, group_leader, thread_pid));
}

static __always_inline u32 follow_tid(struct task_struct *task)
{
	return pid_number((u64)BPF_CORE_READ(task, thread_pid));
}

/* Adds to `followed`. Returns 0 or -errno. */
static __always_inline long follow_begin(u32 pid, const struct wire_follow *follow)
{
	long error = bpf_map_update_elem(&followed, &pid, follow, BPF_ANY);

	__sync_fetch_and_add(&follow_generation, 1);
	return error;
}

static __always_inline u64 stranger_mark(struct task_struct *task, u64 generation)
{
	return generation << 32 | (u32)task->tgid;
}

/* Whether the running task is known not to be followed. */
static __always_inline bool is_stranger(struct task_struct *task)
{
	return strangers[(u32)task->tgid % STRANGERS] == stranger_mark(task, follow_generation);
}

static __noinline struct thread *thread_first_seen(struct task_struct *task)
{
	/* Before the look into the map: who is added meanwhile counts as not looked for. */
	u64 generation = __sync_fetch_and_add(&follow_generation, 0);
	u32 pid = follow_pid(task);
	struct wire_follow *follow = bpf_map_lookup_elem(&followed, &pid);
	struct thread *thread;

	if (!follow) {
		strangers[(u32)task->tgid % STRANGERS] = stranger_mark(task, generation);
		return NULL;
	}
	thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), NULL,
				      BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread) {
		count(WIRE_LOST_THREADS);
		return NULL;
	}
	thread->space = follow->space;
	thread->own_files = follow->flags & WIRE_FOLLOW_OWN_FILES;
	return thread;
}

/*
 * Stops the running process before its next instruction. The stop is pending
 * before the loader hears of it, so that its SIGCONT can't come too early.
 */
static __always_inline u32 park(u32 pid)
{
	u32 task = bpf_get_current_pid_tgid() >> 32;

	if (bpf_map_update_elem(&parked, &pid, &task, BPF_ANY))
		return 0;
	if (!bpf_send_signal(SIGSTOP))
		return 1;
	bpf_map_delete_elem(&parked, &pid);
	return 0;
}

/* Tells at once. Who is parked and cannot be told of goes on. */
static __always_inline void event_send(const struct wire_event *event, u32 size)
{
	u32 pid = event->pid;

	if (!bpf_ringbuf_output(&events, (void *)event, size, BPF_RB_FORCE_WAKEUP))
		return;
	count(WIRE_LOST_EVENTS);
	if (event->parked && !bpf_map_delete_elem(&parked, &pid))
		bpf_send_signal(SIGCONT);
}

/* The running thread's state, NULL when its process is not followed. */
static __always_inline struct thread *thread_current(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, NULL, 0);

	if (thread && thread->space)
		return thread;
	return thread_first_seen(task);
}

#endif
