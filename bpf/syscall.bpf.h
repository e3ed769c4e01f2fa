/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack of a system call under way. */
#ifndef LEAKTRACE_SYSCALL_BPF_H
#define LEAKTRACE_SYSCALL_BPF_H

#include "arch.bpf.h"
#include "maps.bpf.h"
#include "unwind.bpf.h"

/* At its start a program is all dynamic linker, and its tables are yet to come: no stack. */
static __always_inline void unwind_syscall(struct thread *thread)
{
	u32 number = thread->space;
	struct wire_space *space = bpf_map_lookup_elem(&spaces, &number);

	thread->stack.depth = 0;
	if (space && space->linking && !space->mappings)
		return;
	walk_set_link(&thread->walk, thread->syscall.link);
	unwind(thread, thread->syscall.ip, thread->syscall.sp, thread->syscall.fp);
}

#endif
