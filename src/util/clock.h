/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time of a clock in nanoseconds. */
#ifndef LEAKTRACE_UTIL_CLOCK_H
#define LEAKTRACE_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* As the kernel's programs have it (bpf_ktime_get_ns). */
static inline uint64_t monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#endif
