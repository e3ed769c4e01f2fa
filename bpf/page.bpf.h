/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages are looked at. All of them as long as there are few; then those whose
 * address has a hash that ends with `shift` zeros, each of which stands for 1 << shift:
 * so the cost follows the growth, and has a bound.
 */
#ifndef LEAKTRACE_PAGE_BPF_H
#define LEAKTRACE_PAGE_BPF_H

#include "maps.bpf.h"

/* A window is 2^10 ticks, about a second. A page costs about a microsecond: 1% of a CPU. */
#define PAGE_WINDOW_SHIFT 10
#define PAGE_WINDOW_MAX 8000
#define PAGE_SHIFT_MAX 12

/* With each window the share is halved or doubled, by how many there were; when there are far too
 * many, at once. */
static __always_inline void page_adapt(struct wire_space *space, u32 now)
{
	u32 window = now >> PAGE_WINDOW_SHIFT;

	u32 passed = window - space->page_window;

	if (passed) {
		/* Windows without a page count as well. */
		if (space->page_count >= PAGE_WINDOW_MAX / 4)
			passed--;
		space->page_shift -= passed < space->page_shift ? passed : space->page_shift;
		space->page_window = window;
		space->page_count = 0;
	} else if (space->page_count >= PAGE_WINDOW_MAX && space->page_shift < PAGE_SHIFT_MAX) {
		space->page_shift++;
		space->page_count = 0;
	}
}

/* Returns the shift that the page stands for, or -1: it is not looked at. */
static __always_inline int page_choose(struct wire_space *space, u64 address, u32 now)
{
	u64 hash = (address >> WIRE_PAGE_SHIFT) * 0x9e3779b97f4a7c15ULL;
	u32 shift;

	page_adapt(space, now);
	shift = space->page_shift;
	if (shift > PAGE_SHIFT_MAX)
		shift = PAGE_SHIFT_MAX;
	if (hash >> 32 & ((1U << shift) - 1))
		return -1;
	space->page_count++;
	return shift;
}

#endif
