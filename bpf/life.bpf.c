/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry points of the life of processes: fork, exec, exit, and changes of a
 * process's list of libraries. They keep the map of followed processes and tell
 * the loader.
 */
#include "arch.bpf.h"
#include "call.bpf.h"
#include "descriptor.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"
#include "peak.bpf.h"
#include "task.bpf.h"

#define CLONE_VM 0x00000100
#define CLONE_FILES 0x00000400
#define CLONE_THREAD 0x00010000
/* <link.h>: struct r_debug */
#define R_DEBUG_STATE_OFFSET 24
#define R_DEBUG_CONSISTENT 0
/* <linux/sched/signal.h>: the whole process ends */
#define SIGNAL_GROUP_EXIT 0x00000004

/* The kernel's record of a syscalls:sys_exit_* tracepoint; see its `format` file in tracefs. */
struct syscall_exit {
	u64 common;
	int number;
	int unused;
	long result;
};

static __always_inline u32 space_new(void)
{
	u32 space;

	if (!bpf_map_pop_elem(&free_spaces, &space))
		return space;
	space = __sync_fetch_and_add(&next_space, 1);
	if (space < WIRE_SPACES)
		return space;
	count(WIRE_LOST_SPACES);
	return 0;
}

/* A forked child has its parent's code, from its first instruction on. */
static __always_inline void space_inherit(u32 number, u32 parent_number)
{
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &number);
	struct wire_space *parent = bpf_map_lookup_elem(&spaces, &parent_number);

	if (space && parent && number != parent_number) {
		space->mappings = parent->mappings;
		space->generation = parent->generation;
	}
}

static __always_inline void event_fill(struct wire_event_process *event, u32 type, u32 space,
				       u32 pid, struct task_struct *task)
{
	__builtin_memset(event, 0, sizeof(*event));
	event->head.type = type;
	event->head.space = space;
	event->head.time_ns = bpf_ktime_get_ns();
	event->head.pid = pid;
	BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
}

/*
 * A thread that a library makes is acquired when the library's call returns; that it
 * began is told with its stack, since it may be detached by then. One that no library
 * makes is nobody's to join: it is held as long as it runs, by its id.
 */
static __always_inline void thread_began(struct task_struct *child)
{
	struct thread *thread = thread_current();
	struct pt_regs *regs;
	u64 caller, stack_pointer;
	u32 line;

	if (!thread)
		return;
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	/* C libraries leave the call out of their unwind information, for the child's sake. */
	caller = clone_caller(regs, &stack_pointer);
	walk_set_link(&thread->walk, 0);
	if (code_follows_call(caller))
		unwind(thread, caller, stack_pointer, PT_REGS_FP(regs));
	else
		unwind(thread, PT_REGS_IP(regs), PT_REGS_SP(regs), PT_REGS_FP(regs));
	if (call_kind_around(thread, PT_REGS_SP(regs)) == WIRE_THREAD)
		task_changed(child, thread->space, follow_pid(child), WIRE_TASK_BEGAN,
			     account_site(thread, WIRE_THREAD, now_ticks(), &line));
	else
		account_acquire(thread, WIRE_THREAD, follow_tid(child), 0, 0);
}

static __always_inline void thread_ended(struct task_struct *task, struct thread *thread)
{
	bool with_all = BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT;
	u32 pid = follow_pid(task);
	struct wire_follow *follow = bpf_map_lookup_elem(&followed, &pid);
	u32 tid;

	if (!follow)
		return;
	task_changed(task, follow->space, pid,
		     with_all ? WIRE_TASK_ENDED_WITH_ALL : WIRE_TASK_ENDED, NULL);
	if (with_all)
		return;
	if (thread)
		calls_drop_below(thread, ~0ULL);
	tid = follow_tid(task);
	if (!live_has(follow->space, WIRE_THREAD, tid))
		return;
	thread = thread_current();
	if (thread)
		account_release(thread, WIRE_THREAD, tid);
}

SEC("raw_tp/task_newtask")
int process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[0];
	u64 clone_flags = ctx->args[1];
	struct wire_event_process event;
	struct wire_follow *parent, follow;
	u32 parent_pid, child_pid;

	if (clone_flags & CLONE_THREAD) {
		if (trace_threads)
			thread_began(child);
		return 0;
	}
	if (!follow_children)
		return 0;
	parent_pid = follow_pid(bpf_get_current_task_btf());
	parent = bpf_map_lookup_elem(&followed, &parent_pid);
	if (!parent)
		return 0;
	follow = *parent;
	if (clone_flags & CLONE_VM) {
		follow.flags |= WIRE_FOLLOW_SHARES;
		if (!(clone_flags & CLONE_FILES))
			follow.flags |= WIRE_FOLLOW_OWN_FILES;
	} else {
		follow.flags &= ~WIRE_FOLLOW_SHARES;
		follow.space = space_new();
	}
	if (park_newborn)
		follow.flags |= WIRE_FOLLOW_PARK | WIRE_FOLLOW_NEWBORN;
	if (!follow.space)
		return 0;
	space_inherit(follow.space, parent->space);
	if (trace_fds && !(clone_flags & CLONE_VM))
		fds_inherit((u64)BPF_CORE_READ(child, files), follow.space);
	child_pid = follow_pid(child);
	if (follow_begin(child_pid, &follow)) {
		count(WIRE_LOST_SPACES);
		return 0;
	}
	event_fill(&event, WIRE_EVENT_FORK, follow.space, child_pid, child);
	event.parent_pid = parent_pid;
	event.old_space = parent->space;
	event.shares_space = follow.flags & WIRE_FOLLOW_SHARES;
	event_send(&event.head, sizeof(event));
	return 0;
}

static __always_inline void exe_fill(struct wire_exe *exe, struct linux_binprm *bprm,
				     struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(bprm, file, f_inode);
	struct inode *root = BPF_CORE_READ(task, fs, root.dentry, d_inode);

	exe->inode = BPF_CORE_READ(inode, i_ino);
	exe->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	exe->root_inode = BPF_CORE_READ(root, i_ino);
	exe->root_dev = BPF_CORE_READ(root, i_sb, s_dev);
	exe->mount_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

/* Until its libraries are there, nothing but the dynamic linker runs in a new image. */
static __always_inline void linking_begin(u32 number)
{
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &number);

	if (space)
		space->linking = true;
}

static __always_inline void linking_set(u32 number, bool linking)
{
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &number);
	struct thread *thread = thread_current();

	if (thread)
		thread->linking = linking;
	if (space && !linking)
		space->linking = false;
}

SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_event_process event;
	struct wire_follow *follow;
	struct thread *thread;
	u32 pid = follow_pid(task);

	follow = bpf_map_lookup_elem(&followed, &pid);
	if (!follow)
		return 0;
	thread = bpf_task_storage_get(&threads, task, NULL, 0);
	if (thread && thread->space)
		peak_flush(thread);
	event_fill(&event, WIRE_EVENT_EXEC, space_new(), pid, task);
	event.old_space = follow->space;
	event.shares_space = follow->flags & WIRE_FOLLOW_SHARES;
	event.peak_rss_pages = BPF_CORE_READ(task, signal, maxrss);
	exe_fill(&event.exe, (struct linux_binprm *)ctx->args[2], task);
	follow->space = event.head.space;
	if (follow->flags & WIRE_FOLLOW_PARK_NEXT)
		follow->flags |= WIRE_FOLLOW_PARK;
	follow->flags &= ~(WIRE_FOLLOW_SHARES | WIRE_FOLLOW_NEWBORN | WIRE_FOLLOW_PARK_NEXT |
			   WIRE_FOLLOW_OWN_FILES);
	if (thread) {
		thread->space = event.head.space;
		thread->depth = 0;
		thread->scope_depth = 0;
		thread->linking = false;
		thread->own_files = false;
	}
	linking_begin(event.head.space);
	if (trace_fds)
		fds_inherit((u64)BPF_CORE_READ(task, files), event.head.space);
	if ((follow->flags & WIRE_FOLLOW_PARK) && !bpf_map_lookup_elem(&known_exes, &event.exe))
		event.head.parked = park(pid);
	event_send(&event.head, sizeof(event));
	return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = bpf_task_storage_get(&threads, task, NULL, 0);
	struct wire_event_process event;
	struct wire_follow *follow, last;
	u32 pid;

	if (thread && thread->space)
		peak_flush(thread);
	if (trace_threads)
		thread_ended(task, thread);
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	pid = follow_pid(task);
	follow = bpf_map_lookup_elem(&followed, &pid);
	if (!follow)
		return 0;
	last = *follow;
	/* Of threads that end at once several may find themselves to be the last: one tells of it.
	 */
	if (bpf_map_delete_elem(&followed, &pid))
		return 0;
	event_fill(&event, WIRE_EVENT_EXIT, last.space, pid, task);
	event.shares_space = last.flags & WIRE_FOLLOW_SHARES;
	event.exit_code = BPF_CORE_READ(task, exit_code);
	event.peak_rss_pages = BPF_CORE_READ(task, signal, maxrss);
	if (trace_fds && !(last.flags & WIRE_FOLLOW_OWN_FILES))
		fds_tell((u64)BPF_CORE_READ(task, files), last.space, pid);
	bpf_map_delete_elem(&parked, &pid);
	event_send(&event.head, sizeof(event));
	return 0;
}

/* ld.so calls this function before and after it changes the list of libraries. */
SEC("kprobe")
int libraries_changed(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	s64 debug_from_probe = bpf_get_attach_cookie(ctx);
	struct wire_event_process event;
	struct wire_follow *follow;
	u32 pid, state = R_DEBUG_CONSISTENT;

	if (debug_from_probe)
		bpf_probe_read_user(
			&state, sizeof(state),
			(void *)(PT_REGS_IP(ctx) + debug_from_probe + R_DEBUG_STATE_OFFSET));
	pid = follow_pid(task);
	follow = bpf_map_lookup_elem(&followed, &pid);
	if (!follow)
		return 0;
	if (trace_mappings)
		linking_set(follow->space, state != R_DEBUG_CONSISTENT);
	if (state != R_DEBUG_CONSISTENT)
		return 0;
	event_fill(&event, WIRE_EVENT_LIBS, follow->space, pid, task);
	if (follow->flags & WIRE_FOLLOW_PARK)
		event.head.parked = park(pid);
	event_send(&event.head, sizeof(event));
	return 0;
}

/* fork, vfork, clone and clone3 return in the child: its first step. */
SEC("tp/syscalls/sys_exit_clone")
int process_born(struct syscall_exit *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct wire_event_process event;
	struct wire_follow *follow;
	u32 pid;

	/* Cheap for everybody else on the machine: most calls are a parent's or a thread's. */
	if (ctx->result)
		return 0;
	pid = follow_pid(task);
	follow = bpf_map_lookup_elem(&followed, &pid);
	if (!follow || !(follow->flags & WIRE_FOLLOW_NEWBORN))
		return 0;
	follow->flags &= ~WIRE_FOLLOW_NEWBORN;
	event_fill(&event, WIRE_EVENT_BORN, follow->space, pid, task);
	event.head.parked = park(pid);
	event_send(&event.head, sizeof(event));
	return 0;
}

char _license[] SEC("license") = "GPL";
