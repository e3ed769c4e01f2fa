/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry points of system calls: all of them come by, a table by number tells
 * which are of interest. And the walk over the tables of open files.
 */
#include "arch.bpf.h"
#include "descriptor.bpf.h"
#include "follow.bpf.h"
#include "mapping.bpf.h"
#include "maps.bpf.h"

/* <fcntl.h>, <linux/close_range.h> */
#define COMMAND_DUP 0
#define COMMAND_DUP_CLOEXEC 1030
#define RANGE_CLOEXEC 4
/*
 * enum bpf_cmd, a bit for each that returns a descriptor: BPF_MAP_CREATE, PROG_LOAD, OBJ_GET,
 * PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID, RAW_TRACEPOINT_OPEN, BTF_LOAD, BTF_GET_FD_BY_ID,
 * LINK_CREATE, LINK_GET_FD_BY_ID, ENABLE_STATS, ITER_CREATE, TOKEN_CREATE.
 */
#define BPF_COMMANDS                                                                               \
	(1ULL << 0 | 1ULL << 5 | 1ULL << 7 | 1ULL << 13 | 1ULL << 14 | 1ULL << 17 | 1ULL << 18 |   \
	 1ULL << 19 | 1ULL << 28 | 1ULL << 30 | 1ULL << 32 | 1ULL << 33 | 1ULL << 36)

static __always_inline struct wire_syscall syscall_row(u64 number)
{
	struct wire_syscall none = {};

	if (number >= WIRE_SYSCALLS)
		return none;
	barrier_var(number);
	return *(struct wire_syscall *)&syscalls[number & (WIRE_SYSCALLS - 1)];
}

/* The thread whose call is of interest by its number; NULL: it is nobody's who is followed. */
static __always_inline struct thread *syscall_thread(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return is_stranger(task) || syscall_is_32_bit(task) ? NULL : thread_current();
}

/* Whether the thread's descriptors are its space's. */
static __always_inline bool has_space_files(const struct thread *thread)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct files_struct *leader_files = BPF_CORE_READ(task, group_leader, files);

	return !thread->own_files && (!leader_files || task->files == leader_files);
}

__noinline int fd_enter(struct thread *thread, u32 op)
{
	const u64 *args;

	if (!thread || !has_space_files(thread))
		return 0;
	args = thread->syscall.args;
	if (op == WIRE_FD_CLOSE)
		fd_closed(thread, args[0]);
	else if (!(args[2] & RANGE_CLOEXEC))
		fds_closed_range(thread, (u64)BPF_CORE_READ(bpf_get_current_task_btf(), files),
				 args[0], args[1]);
	return 0;
}

SEC("tp_btf/sys_enter")
int syscall_enter(u64 *ctx)
{
	struct wire_syscall row = syscall_row(ctx[1]);
	struct thread *thread;

	if (row.op != WIRE_FD_CLOSE && row.op != WIRE_FD_CLOSE_RANGE && row.op < WIRE_MAP)
		return 0;
	thread = syscall_thread();
	if (!thread)
		return 0;
	syscall_read(&thread->syscall, (struct pt_regs *)ctx[0]);
	if (row.op < WIRE_MAP)
		fd_enter(thread, row.op);
	else
		map_enter(thread, row.op);
	return 0;
}

__noinline int fd_exit(struct thread *thread, u32 op, u32 arg)
{
	const u64 *args;
	u64 address;

	if (!thread || (s64)thread->syscall.result < 0 || !has_space_files(thread))
		return 0;
	args = thread->syscall.args;
	address = args[arg < 5 ? arg : 5];
	switch (op) {
	case WIRE_FD_BPF:
		if (args[0] >= 64 || !(BPF_COMMANDS >> args[0] & 1))
			break;
		unwind_syscall(thread);
		fd_opened(thread, thread->syscall.result);
		break;
	case WIRE_FD_DUP:
		if (args[1] != COMMAND_DUP && args[1] != COMMAND_DUP_CLOEXEC)
			break;
		unwind_syscall(thread);
		fd_opened(thread, thread->syscall.result);
		break;
	case WIRE_FD_DUP2:
		if (args[0] == args[1])
			break;
		fd_closed(thread, args[1]);
		unwind_syscall(thread);
		fd_opened(thread, thread->syscall.result);
		break;
	case WIRE_FD_RESULT:
		unwind_syscall(thread);
		fd_opened(thread, thread->syscall.result);
		break;
	case WIRE_FD_PAIR:
		fds_stored(thread, address, 2);
		break;
	case WIRE_FD_MESSAGE:
		fds_received(thread, address);
		break;
	case WIRE_FD_MESSAGES:
		fds_received_many(thread, address, thread->syscall.result);
		break;
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int syscall_exit(u64 *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	struct wire_syscall row = syscall_row(syscall_number(regs));
	struct thread *thread;

	if (row.op == WIRE_SYSCALL_NONE || row.op == WIRE_FD_CLOSE || row.op == WIRE_FD_CLOSE_RANGE)
		return 0;
	thread = syscall_thread();
	if (!thread)
		return 0;
	syscall_read(&thread->syscall, regs);
	thread->syscall.result = ctx[1];
	if (row.op < WIRE_MAP)
		fd_exit(thread, row.op, row.arg);
	else
		map_exit(thread, row.op);
	return 0;
}

/* Run on demand: every followed process's open descriptors. */
SEC("iter/task")
int files_walk(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct wire_follow *follow;
	u32 pid;

	if (!task || task->pid != task->tgid)
		return 0;
	pid = follow_pid(task);
	follow = bpf_map_lookup_elem(&followed, &pid);
	if (follow && !(follow->flags & WIRE_FOLLOW_OWN_FILES))
		fds_tell((u64)BPF_CORE_READ(task, files), follow->space, pid);
	return 0;
}

char _license[] SEC("license") = "GPL";
