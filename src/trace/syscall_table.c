/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the table of system calls; one more is a row here. */
#include "trace/syscall_table.h"

#include <stddef.h>
#include <sys/syscall.h>

/* Newer than the headers that we may be built with; these numbers are all architectures'. */
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

struct syscall_row {
	unsigned number;
	enum wire_kind kind;
	enum wire_syscall_op op;
	uint8_t arg;
};

static const struct syscall_row rows[] = {
/* descriptors: one, as the result */
#ifdef SYS_open
	{ SYS_open, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_creat, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_eventfd, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_epoll_create, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_signalfd, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_inotify_init, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_pipe, WIRE_FD, WIRE_FD_PAIR, 0 },
	{ SYS_dup2, WIRE_FD, WIRE_FD_DUP2, 0 },
#endif
	{ SYS_openat, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_openat2, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_open_by_handle_at, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_open_tree, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_fsopen, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_fsmount, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_fspick, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_socket, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_accept, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_accept4, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_dup, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_eventfd2, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_epoll_create1, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_timerfd_create, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_signalfd4, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_inotify_init1, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_fanotify_init, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_memfd_create, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_memfd_secret, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_pidfd_open, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_pidfd_getfd, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_perf_event_open, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_bpf, WIRE_FD, WIRE_FD_BPF, 0 },
	{ SYS_io_uring_setup, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_userfaultfd, WIRE_FD, WIRE_FD_RESULT, 0 },
	{ SYS_mq_open, WIRE_FD, WIRE_FD_RESULT, 0 },
	/* otherwise */
	{ SYS_fcntl, WIRE_FD, WIRE_FD_DUP, 0 },
	{ SYS_dup3, WIRE_FD, WIRE_FD_DUP2, 0 },
	{ SYS_pipe2, WIRE_FD, WIRE_FD_PAIR, 0 },
	{ SYS_socketpair, WIRE_FD, WIRE_FD_PAIR, 3 },
	{ SYS_recvmsg, WIRE_FD, WIRE_FD_MESSAGE, 1 },
	{ SYS_recvmmsg, WIRE_FD, WIRE_FD_MESSAGES, 1 },
	{ SYS_close, WIRE_FD, WIRE_FD_CLOSE, 0 },
	{ SYS_close_range, WIRE_FD, WIRE_FD_CLOSE_RANGE, 0 },
	/* mappings */
	{ SYS_mmap, WIRE_MMAP, WIRE_MAP, 0 },
	{ SYS_munmap, WIRE_MMAP, WIRE_UNMAP, 0 },
	{ SYS_mremap, WIRE_MMAP, WIRE_REMAP, 0 },
	{ SYS_shmat, WIRE_MMAP, WIRE_SHM_ATTACH, 0 },
	{ SYS_shmdt, WIRE_MMAP, WIRE_SHM_DETACH, 0 },
	{ SYS_brk, WIRE_MMAP, WIRE_BRK, 0 },
	/* pages, which go with their mappings */
	{ SYS_madvise, WIRE_PAGES, WIRE_DISCARD, 0 },
};

bool syscall_table_fill(const bool traced[WIRE_KINDS], struct wire_syscall table[WIRE_SYSCALLS])
{
	bool any = false;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct syscall_row *row = &rows[i];

		if (!traced[row->kind] && !(row->kind == WIRE_MMAP && traced[WIRE_PAGES]))
			continue;
		table[row->number] = (struct wire_syscall){ row->op, row->arg };
		any = true;
	}
	return any;
}
