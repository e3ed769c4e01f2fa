/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The most bytes that an address space ever held at once. */
#ifndef LEAKTRACE_PEAK_BPF_H
#define LEAKTRACE_PEAK_BPF_H

#include "maps.bpf.h"

/*
 * Changes are added to the space's counter in lumps, so that threads do not fight
 * for its line. A lump is a 64th of the peak so far and at most 64 KiB: the peak
 * of a thread that has ended is exact, and each thread that runs may hold one back.
 * What was released makes no peak of this thread's and may wait longer: a thread that
 * gives back and takes again, in turns, adds nothing.
 */
#define PEAK_LUMP_SHIFT 6
#define PEAK_LUMP_MAX (64 << 10)
#define PEAK_RELEASED_MORE 4096

__weak __noinline int peak_flush(struct thread *thread)
{
	struct wire_space *space;
	s64 change, top, peak;
	u32 index;

	if (!thread)
		return 0;
	index = thread->space;
	change = thread->live_change;
	top = thread->live_change_peak;
	thread->live_change = 0;
	thread->live_change_peak = 0;
	space = bpf_map_lookup_elem(&spaces, &index);
	if (!space)
		return 0;
	top += __sync_fetch_and_add(&space->live_bytes, change);
	/* A lost race leaves the greater value of a moment earlier or later: try a few times. */
	for (int i = 0; i < 4; i++) {
		peak = space->peak_bytes;
		if (top <= peak ||
		    __sync_val_compare_and_swap(&space->peak_bytes, peak, top) == peak)
			break;
	}
	peak = space->peak_bytes >> PEAK_LUMP_SHIFT;
	thread->lump = peak < PEAK_LUMP_MAX ? peak : PEAK_LUMP_MAX;
	return 0;
}

static __always_inline void peak_add(struct thread *thread, s64 bytes)
{
	thread->live_change += bytes;
	if (thread->live_change > thread->live_change_peak)
		thread->live_change_peak = thread->live_change;
	if (thread->live_change > thread->lump ||
	    thread->live_change < -thread->lump - PEAK_RELEASED_MORE)
		peak_flush(thread);
}

#endif
