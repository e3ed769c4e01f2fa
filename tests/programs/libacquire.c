/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acquires a block of 56 bytes: one of many libraries that do (extremes.c). */
#include <stdlib.h>

void *acquire_here(void);

void *acquire_here(void)
{
	void *block = malloc(56);

	__asm__ volatile("" : "+r"(block));
	return block;
}
