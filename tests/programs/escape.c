/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * longjmp out of an allocator (libescape.so's does it for one size): the calls after
 * it are outermost calls again, and a block that realloc was to move is still there.
 * EXPECT heap acquired=18/830 released=10/400 live=8/430
 * EXPECT site leak_after 5/250
 * EXPECT site start 3/180
 * EXPECT loss calls_abandoned>=0
 * EXPECT loss returns_unmatched>=0
 * VARIANT preload=libescape.so only
 */
#include <setjmp.h>

#include "program.h"

#define ESCAPING_BYTES 4242

extern jmp_buf *malloc_escape __attribute__((weak));

static jmp_buf hatch;

SITE static void escaping(void)
{
	if (setjmp(hatch) == 0) {
		keep(malloc(ESCAPING_BYTES));
		REQUIRE(!"malloc returned");
	}
}

SITE static void *start(void)
{
	return keep(malloc(60));
}

SITE static void escaping_resize(void *block)
{
	if (setjmp(hatch) == 0) {
		keep(realloc(block, ESCAPING_BYTES));
		REQUIRE(!"realloc returned");
	}
}

SITE static void freed(void)
{
	free(keep(malloc(40)));
}

SITE static void leak_after(void)
{
	keep(malloc(50));
}

int main(void)
{
	REQUIRE(&malloc_escape != NULL);
	malloc_escape = &hatch;
	for (int i = 0; i < 10; i++) {
		escaping();
		freed();
	}
	for (int i = 0; i < 100; i++)
		escaping();
	for (int i = 0; i < 3; i++)
		escaping_resize(start());
	for (int i = 0; i < 5; i++)
		leak_after();
	return 0;
}
