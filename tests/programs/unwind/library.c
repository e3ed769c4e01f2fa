/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library whose constructor leaks. Built twice: the two have functions at the
 * same addresses with other names and frames of other sizes (FRAME bytes).
 */
#include <stddef.h>

#define CONCAT(a, b) a##b
#define NAME(prefix, name) CONCAT(prefix, name)

void leak_here(size_t size);

static void fill(volatile char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = 1;
}

__attribute__((noinline)) void library_leak(void)
{
	char bytes[FRAME];

	fill(bytes, sizeof(bytes));
	leak_here(SIZE);
	fill(bytes, sizeof(bytes));
}

__attribute__((noinline)) static void NAME(PREFIX, _middle)(void)
{
	char bytes[FRAME + 128];

	fill(bytes, sizeof(bytes));
	library_leak();
	fill(bytes, sizeof(bytes));
}

__attribute__((constructor)) static void NAME(PREFIX, _start)(void)
{
	NAME(PREFIX, _middle)();
	__asm__ volatile("" ::: "memory");
}
