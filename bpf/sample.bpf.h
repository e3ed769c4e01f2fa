/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sampling of allocations, by bytes: points lie on a thread's stream of requested bytes as a
 * Poisson process has them, one of `sample_bytes` on average; a block that one falls into is
 * tracked, and stands for what its chance to be is the inverse of: a block of S bytes is tracked
 * with the probability p = 1 - e^(-S / R), and counts as 1 / p blocks of S / p bytes in all. So
 * sums are unbiased (Horvitz and Thompson, 1952). Which blocks are tracked is known at the entry
 * of the call: what is not needs no return probe.
 */
#ifndef LEAKTRACE_SAMPLE_BPF_H
#define LEAKTRACE_SAMPLE_BPF_H

#include "arch.bpf.h"
#include "maps.bpf.h"

/* ln 2, in the units of sample_logs. */
#define SAMPLE_LN2 11629080ULL

/* The bits above the highest one that is set: 0 to 32. */
static __always_inline u32 leading_zeros(u32 bits)
{
	u32 zeros = 0;

	if (!bits)
		return 32;
	for (u32 step = 16; step; step >>= 1) {
		if (bits >> (32 - step))
			continue;
		bits <<= step;
		zeros += step;
	}
	return zeros;
}

/*
 * Bytes to the next point: exponentially distributed. -ln of a number between 0 and 1 is the sum
 * of that of its power of two and that of its mantissa, which is looked up.
 */
static __always_inline u64 sample_gap(void)
{
	u32 exponent = leading_zeros(bpf_get_prandom_u32()), mantissa = bpf_get_prandom_u32();
	u32 row = mantissa >> 24, part = mantissa & 0xffffff;
	u64 high, low, units;

	row &= WIRE_SAMPLE_LOGS - 1;
	high = sample_logs[row];
	low = sample_logs[row + 1];
	units = exponent * SAMPLE_LN2 + high - ((high - low) * part >> 24);
	return (sample_bytes * units >> 24) + 1;
}

/* Whether a block of that size is tracked. */
static __always_inline bool sample_takes(struct thread *thread, u64 size)
{
	if (!thread->sample_left)
		thread->sample_left = sample_gap();
	if (thread->sample_left > size) {
		thread->sample_left -= size ?: 1;
		return false;
	}
	thread->sample_left = sample_gap();
	return true;
}

/*
 * Whether a call is inside one that was not taken: operator new that calls malloc. There is no
 * return probe to tell, but the outer call's return address is in its place and the request is
 * the same, or little larger.
 */
static __always_inline bool sample_is_passed(struct thread *thread, struct pt_regs *regs, u64 size)
{
	if (!thread->passed_sp || PT_REGS_SP(regs) >= thread->passed_sp ||
	    size - thread->passed_size > WIRE_SAMPLE_PASSED_MORE)
		return false;
	return call_is_outer(regs, thread->passed_sp, thread->passed_caller);
}

static __always_inline void sample_pass(struct thread *thread, struct pt_regs *regs, u64 size)
{
	thread->passed_sp = PT_REGS_SP(regs);
	thread->passed_size = size;
	thread->passed_caller = entry_caller(regs);
}

/* What one block stands for. `count` is in parts of 1 << WIRE_SAMPLE_SHIFT. */
struct weight {
	u64 count;
	u64 bytes;
};

static __always_inline struct weight block_weight(u32 kind, u64 size)
{
	struct weight weight = { 1, size };
	u64 place, low, high, row;

	if (!sample_bytes || kind != WIRE_HEAP)
		return weight;
	size = size ?: 1;
	weight.bytes = size;
	weight.count = 1 << WIRE_SAMPLE_SHIFT;
	/* Steps of the table, and sixteen bits of the way to the next. */
	if (size / sample_bytes >= WIRE_SAMPLE_WEIGHTS / WIRE_SAMPLE_STEPS)
		return weight;
	place = (size * WIRE_SAMPLE_STEPS << 16) / sample_bytes;
	row = place >> 16;
	if (row >= WIRE_SAMPLE_WEIGHTS)
		return weight;
	low = sample_weights[row];
	high = sample_weights[row + 1];
	weight.bytes = sample_bytes * (low + ((high - low) * (place & 0xffff) >> 16)) >> 24;
	weight.count = (weight.bytes << WIRE_SAMPLE_SHIFT) / size;
	return weight;
}

#endif
