/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is followed: from the running task to its address space and thread state. */
#ifndef LEAKTRACE_FOLLOW_BPF_H
#define LEAKTRACE_FOLLOW_BPF_H

#include "maps.bpf.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

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

static __noinline struct thread *thread_first_seen(struct task_struct *task)
{
	u32 pid = follow_pid(task);
	struct wire_follow *follow = bpf_map_lookup_elem(&followed, &pid);
	struct thread *thread;

	if (!follow)
		return NULL;
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
