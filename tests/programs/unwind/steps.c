/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs functions instruction by instruction (trap flag, SIGTRAP) and leaks from the
 * handler at each: a stack for every address, prologues and epilogues included.
 */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define SITE __attribute__((noinline))
#define KEEP_FRAME __asm__ volatile("" ::: "memory")
#define TRAP_FLAG 0x100

void *volatile kept;
static volatile sig_atomic_t stepping;

SITE void step_here(void)
{
	kept = malloc(1);
	KEEP_FRAME;
}

SITE static void on_step(int number, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	(void)number;
	(void)info;
	if (stepping) {
		step_here();
		interrupted->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
	} else {
		interrupted->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	}
}

/* Nothing is called, so nothing need be kept on the stack. */
SITE static long leaf(long a, long b)
{
	return a * 3 + b;
}

SITE static long middle(long a, long b, long c)
{
	volatile long local[40];

	local[a & 31] = leaf(a, b);
	local[b & 31] = leaf(b, c);
	return local[a & 31] + local[b & 31];
}

/* Many values that live across calls: as many registers as there are are saved. */
SITE static long outer(const long *values)
{
	long a = values[0], b = values[1], c = values[2], d = values[3], e = values[4],
	     f = values[5];

	a += middle(a, b, c);
	b += middle(b, c, d);
	if (a > b)
		return a - b;
	return a + b + c + d + e + f;
}

SITE static long with_array(size_t size)
{
	volatile long array[size];

	for (size_t i = 0; i < size; i++)
		array[i] = leaf(i, size);
	return array[size - 1];
}

SITE static long with_alignment(long value)
{
	__attribute__((aligned(64))) volatile long aligned[8];

	aligned[value & 7] = leaf(value, 1);
	return aligned[value & 7];
}

SITE static long tail_jumps(long value)
{
	return with_alignment(value + 1);
}

SITE static int compare(const void *left, const void *right)
{
	return (int)leaf(*(const int *)left, -3L * *(const int *)right);
}

SITE static void stepped(void)
{
	static const long values[] = { 1, 2, 3, 4, 5, 6 };
	int numbers[] = { 3, 1, 2, 5, 4 };
	char text[64] = "text";

	outer(values);
	with_array((size_t)values[3]);
	tail_jumps(values[1]);
	qsort(numbers, 5, sizeof(numbers[0]), compare);
	memset(text + strlen(text), 'x', 32);
	memmove(text + 1, text, 40);
	kept = strchr(text, numbers[0]);
	KEEP_FRAME;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

	sigaction(SIGTRAP, &action, NULL);
	/* Once without a look: what the loader binds late is bound then. */
	stepped();
	stepping = 1;
	raise(SIGTRAP);
	stepped();
	stepping = 0;
	return 0;
}
