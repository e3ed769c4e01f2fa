/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots of the stack, for a walk: it is copied in windows, one helper call for
 * some thirty frames.
 */
#ifndef LEAKTRACE_WINDOW_BPF_H
#define LEAKTRACE_WINDOW_BPF_H

#include "maps.bpf.h"

#define UNWIND_PAGE 4096
/* What a step of a walk returns, unless the stack has ended: enum wire_stack_end. */
#define UNWIND_GOES_ON (-1)

/*
 * Fills the window from `address` on: up to the end of its page, since what is behind the stack's
 * may be nothing, and a read that faults costs more than the whole walk.
 */
static __always_inline bool window_fill(struct walk *walk, u64 address)
{
	u32 bytes = UNWIND_PAGE - (address & (UNWIND_PAGE - 1));

	if (bytes > WINDOW_BYTES)
		bytes = WINDOW_BYTES;
	walk->window_start = address;
	walk->window_bytes = bytes;
	if (!bpf_probe_read_user(walk->window, bytes, (void *)address))
		return true;
	walk->window_bytes = 0;
	return false;
}

/* Reads a stack slot that is not in the window. Returns 0 or -1. */
__weak __noinline int slot_fetch(struct walk *walk, u64 address, u64 *value)
{
	u64 offset, frame;

	if (!walk || !value || (address & 7))
		return -1;
	/* From where the frame begins, as its other slots may be below this one. */
	frame = walk->sp & ~7ULL;
	offset = address - frame;
	if (offset >= WINDOW_BYTES / 2 || (address ^ frame) >= UNWIND_PAGE)
		offset = 0;
	if (!window_fill(walk, address - offset))
		return -1;
	*value = *(u64 *)(walk->window + (offset & (WINDOW_BYTES - 8)));
	return 0;
}

/* Reads a stack slot. Returns 0 or -1. No call where it is in the window, as most are. */
static __always_inline int slot_read(struct walk *walk, u64 address, u64 *value)
{
	u64 offset = address - walk->window_start;

	if ((offset & 7) || offset + 8 > walk->window_bytes || offset >= WINDOW_BYTES)
		return slot_fetch(walk, address, value);
	barrier_var(offset);
	*value = *(u64 *)(walk->window + (offset & (WINDOW_BYTES - 8)));
	return 0;
}

#endif
