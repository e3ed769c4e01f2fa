/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack of the running thread: return addresses, innermost first. The only
 * file that knows how stacks are walked; for now by frame pointers.
 */
#ifndef LEAKTRACE_UNWIND_BPF_H
#define LEAKTRACE_UNWIND_BPF_H

#include "maps.bpf.h"

/* Below is nothing mapped, above no program of a 48-bit address space. */
#define CODE_FIRST 4096
#define CODE_LAST ((1ULL << 48) - 1)
/* No function is thought to have more on the stack than this. */
#define FRAME_BYTES_MAX (1 << 20)

/* What a frame pointer points to. */
struct unwind_frame {
	u64 caller;
	u64 return_address;
};

/*
 * Fills the thread's stack, as it is in the caller of a function that has returned
 * to `return_address`. In code without frame pointers the register holds anything.
 * What would be found behind it differs from call to call, and each would make a
 * call site of its own and fill the table: a frame must lie on the stack, above the
 * one before it. That is why this is no bpf_get_stack, which follows any pointer.
 */
__noinline int unwind_frames(struct thread *thread, u64 return_address, u64 stack_pointer,
			     u64 frame_pointer)
{
	struct unwind_frame frame;
	u32 limit = stack_frames;

	if (!thread)
		return 0;
	if (limit > WIRE_MAX_FRAMES)
		limit = WIRE_MAX_FRAMES;
	thread->stack.flags = WIRE_STACK_TRUNCATED;
	thread->stack.frames[0] = return_address;
	for (u32 i = 1; i < WIRE_MAX_FRAMES && i < limit; i++) {
		thread->stack.depth = i;
		if (frame_pointer < stack_pointer ||
		    frame_pointer - stack_pointer > FRAME_BYTES_MAX ||
		    frame_pointer % sizeof(u64) ||
		    bpf_probe_read_user(&frame, sizeof(frame), (void *)frame_pointer) ||
		    frame.return_address < CODE_FIRST || frame.return_address > CODE_LAST) {
			thread->stack.flags = 0;
			return 0;
		}
		thread->stack.frames[i] = frame.return_address;
		stack_pointer = frame_pointer + sizeof(frame);
		frame_pointer = frame.caller;
	}
	thread->stack.depth = limit;
	return 0;
}

#endif
