/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads of a followed process: what is told of their start and end, and the ends that come
 * before the call that creates them has returned.
 */
#ifndef LEAKTRACE_TASK_BPF_H
#define LEAKTRACE_TASK_BPF_H

#include "account.bpf.h"
#include "arch.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"

static __always_inline void task_send(struct wire_event_task *event, u32 space, u64 time_ns)
{
	event->head.type = WIRE_EVENT_TASK;
	event->head.space = space;
	event->head.time_ns = time_ns;
	if (bpf_ringbuf_output(&events, event, sizeof(*event), BPF_RB_NO_WAKEUP))
		count(WIRE_LOST_EVENTS);
}

/* `site`: of the thread's creation, or NULL. */
static __always_inline void task_changed(struct task_struct *task, u32 space, u32 pid, u32 state,
					 const struct wire_site *site)
{
	struct wire_event_task event = {
		.head.pid = pid,
		.handle = task_handle(task, space),
		.tag = site ? site->tag : 0,
		.check = site ? site->check : 0,
		.tid = follow_tid(task),
		.state = state,
	};

	BPF_CORE_READ_STR_INTO(&event.comm, task, comm);
	task_send(&event, space, bpf_ktime_get_ns());
}

/* Its own end is told by the kernel, which may come later than whoever joined it. */
static __noinline void task_joined(u32 space, u64 handle, u64 entered_ns)
{
	struct wire_event_task event = { .handle = handle, .state = WIRE_TASK_JOINED };

	task_send(&event, space, entered_ns);
}

/*
 * The end of a thread that was not live when the call began. It is remembered first and looked for
 * then, the creator does it the other way round: one of both finds the other's.
 */
static __noinline void task_end_early(struct thread *thread, u64 handle)
{
	struct wire_spill_key key = { .id = handle, .space = thread->space, .kind = WIRE_THREAD };
	u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&early_ends, &key, &now, BPF_ANY);
	account_release(thread, WIRE_THREAD, handle);
}

/* Ends of earlier threads with the same handle do not count. */
static __noinline void task_end_if_early(struct thread *thread, u64 handle, u64 entered_ns)
{
	struct wire_spill_key key = { .id = handle, .space = thread->space, .kind = WIRE_THREAD };
	u64 *end = bpf_map_lookup_elem(&early_ends, &key);

	if (end && *end >= entered_ns)
		account_release(thread, WIRE_THREAD, handle);
}

#endif
