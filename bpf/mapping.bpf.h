/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory mappings: what each system call takes away and brings, told to user
 * space, which keeps the ranges. Meaning of the events: wire.h.
 */
#ifndef LEAKTRACE_MAPPING_BPF_H
#define LEAKTRACE_MAPPING_BPF_H

#include "account.bpf.h"
#include "call.bpf.h"
#include "file.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"
#include "syscall.bpf.h"
#include "vma.bpf.h"

/* <sys/mman.h> */
#define MAPPING_FIXED 0x10
#define MAPPING_ANONYMOUS 0x20
#define MAPPING_HUGE 0x40000
#define MAPPING_HUGE_SHIFT 26
#define MAPPING_HUGE_MASK 63
#define MAPPING_HUGE_DEFAULT 21
#define ADVICE_DONTNEED 4
#define ADVICE_FREE 8
#define ADVICE_REMOVE 9
#define REMAP_FIXED 2
#define REMAP_KEEP_OLD 4

static __always_inline u64 whole_pages(u64 bytes)
{
	return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1ULL);
}

static __always_inline struct wire_event_map *map_event(struct thread *thread, u32 op, u64 start,
							u64 bytes)
{
	struct wire_event_map *event = &thread->map;

	__builtin_memset(event, 0, sizeof(*event) - sizeof(event->file));
	event->head.type = WIRE_EVENT_MAP;
	event->head.space = thread->space;
	event->head.time_ns = bpf_ktime_get_ns();
	event->thread = bpf_get_current_pid_tgid();
	event->op = op;
	event->start = start;
	event->bytes = bytes;
	return event;
}

/* The reader looks now and then; a ring that fills wakes it. */
static __always_inline void map_send(struct wire_event_map *event)
{
	u64 flags = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > WIRE_RING_BYTES / 4
			    ? BPF_RB_FORCE_WAKEUP
			    : BPF_RB_NO_WAKEUP;
	long failed;

	if (event->has_file)
		failed = bpf_ringbuf_output(&events, event, sizeof(*event), flags);
	else
		failed = bpf_ringbuf_output(&events, event, sizeof(*event) - sizeof(event->file),
					    flags);
	if (failed)
		count(WIRE_LOST_EVENTS);
}

__weak __noinline int map_cut(struct thread *thread, u64 start, u64 bytes, bool continues)
{
	struct wire_event_map *event;

	if (!thread)
		return 0;
	event = map_event(thread, WIRE_MAP_CUT, start, bytes);
	event->continues = continues;
	map_send(event);
	return 0;
}

static __always_inline u32 map_role(struct thread *thread, const struct wire_space *space)
{
	if (thread->linking || space->linking)
		return WIRE_MAP_LINKER;
	switch (call_kind_around(thread, thread->syscall.sp)) {
	case WIRE_HEAP:
		return WIRE_MAP_ALLOCATOR;
	case WIRE_THREAD:
		return WIRE_MAP_THREAD_STACK;
	default:
		return WIRE_MAP_HELD;
	}
}

/* Sets whose the mapping is, and the stack. */
static __always_inline void map_site(struct thread *thread, struct wire_event_map *event)
{
	u32 number = thread->space, line;
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &number);
	struct wire_site *site;

	if (!space)
		return;
	event->role = map_role(thread, space);
	/* Of libraries it matters which they are, not who loads them. */
	if (event->role == WIRE_MAP_LINKER)
		thread->stack.depth = 0;
	else
		unwind_syscall(thread);
	site = account_site(thread, WIRE_MMAP, now_ticks(), &line);
	if (site) {
		event->tag = site->tag;
		event->check = site->check;
	}
}

static __always_inline u64 file_of_fd(u32 fd)
{
	struct files_struct *files = bpf_get_current_task_btf()->files;
	struct file **table = BPF_CORE_READ(files, fdt, fd);
	u64 file = 0;

	bpf_probe_read_kernel(&file, sizeof(file), table + fd);
	return file;
}

static __always_inline void map_file(struct wire_event_map *event, u64 file)
{
	if (!file)
		return;
	__builtin_memset(&event->file, 0, sizeof(event->file));
	file_describe(&event->file, file);
	event->has_file = true;
}

/* At the entry of a call. */
__weak __noinline int map_enter(struct thread *thread, u32 op)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const u64 *args;

	if (!thread)
		return 0;
	args = thread->syscall.args;
	switch (op) {
	case WIRE_MAP:
		if (args[3] & MAPPING_FIXED)
			map_cut(thread, args[0], whole_pages(args[1]), false);
		break;
	case WIRE_UNMAP:
		map_cut(thread, args[0], whole_pages(args[1]), false);
		break;
	case WIRE_REMAP:
		if (args[3] & REMAP_FIXED)
			map_cut(thread, args[4], whole_pages(args[2]), false);
		if (args[1] && !(args[3] & REMAP_KEEP_OLD))
			map_cut(thread, args[0], whole_pages(args[1]), args[3] & REMAP_FIXED);
		break;
	case WIRE_SHM_DETACH:
		map_cut(thread, args[0], 0, false);
		break;
	case WIRE_BRK:
		thread->syscall.brk = BPF_CORE_READ(task, mm, brk);
		break;
	case WIRE_DISCARD:
		if (args[2] == ADVICE_DONTNEED || args[2] == ADVICE_FREE ||
		    args[2] == ADVICE_REMOVE)
			map_send(
				map_event(thread, WIRE_MAP_DISCARD, args[0], whole_pages(args[1])));
		break;
	}
	return 0;
}

static __always_inline void map_new(struct thread *thread, u64 bytes, u64 file)
{
	struct wire_event_map *event =
		map_event(thread, WIRE_MAP_PUT, thread->syscall.result, bytes);

	map_site(thread, event);
	map_file(event, file);
	map_send(event);
}

static __always_inline u64 map_bytes(u64 bytes, u64 flags)
{
	u64 shift;

	if (!(flags & MAPPING_HUGE))
		return whole_pages(bytes);
	shift = flags >> MAPPING_HUGE_SHIFT & MAPPING_HUGE_MASK;
	if (!shift)
		shift = MAPPING_HUGE_DEFAULT;
	return (bytes + (1ULL << shift) - 1) >> shift << shift;
}

static __always_inline void map_moved(struct thread *thread)
{
	const u64 *args = thread->syscall.args;
	struct wire_event_map *event =
		map_event(thread, WIRE_MAP_MOVE, thread->syscall.result, whole_pages(args[2]));

	map_site(thread, event);
	event->old_start = args[0];
	event->old_bytes = whole_pages(args[1]);
	event->keeps_old = !args[1] || (args[3] & REMAP_KEEP_OLD);
	map_send(event);
}

static __always_inline void brk_moved(struct thread *thread)
{
	u32 number = thread->space;
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &number);
	struct wire_event_map *event;

	if (space)
		__sync_fetch_and_add(&space->brk_bytes,
				     thread->syscall.result - thread->syscall.brk);
	if (trace_pages && thread->syscall.result < thread->syscall.brk)
		map_send(map_event(thread, WIRE_MAP_DISCARD, thread->syscall.result,
				   thread->syscall.brk - thread->syscall.result));
	if (!space || thread->syscall.result == thread->syscall.brk)
		return;
	event = map_event(thread, WIRE_MAP_BREAK, thread->syscall.result, 0);
	event->old_start = thread->syscall.brk;
	event->role = map_role(thread, space);
	map_send(event);
}

/* At the return of a call. */
__weak __noinline int map_exit(struct thread *thread, u32 op)
{
	struct mapping_view view = {};
	const u64 *args;
	bool failed;

	if (!thread)
		return 0;
	args = thread->syscall.args;
	failed = thread->syscall.result >= -4095ULL;
	if (failed) {
		if (op == WIRE_UNMAP || op == WIRE_SHM_DETACH || op == WIRE_REMAP ||
		    (op == WIRE_MAP && (args[3] & MAPPING_FIXED)))
			map_send(map_event(thread, WIRE_MAP_BACK, 0, 0));
		return 0;
	}
	switch (op) {
	case WIRE_MAP:
		map_new(thread, map_bytes(args[1], args[3]),
			args[3] & MAPPING_ANONYMOUS ? 0 : file_of_fd(args[4]));
		break;
	case WIRE_SHM_ATTACH:
		mapping_look(thread->syscall.result, &view);
		map_new(thread, view.bytes, view.file);
		break;
	case WIRE_REMAP:
		map_moved(thread);
		break;
	case WIRE_BRK:
		brk_moved(thread);
		break;
	}
	return 0;
}

#endif
