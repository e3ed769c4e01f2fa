/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The usual calls, with sites that do not depend on the allocator.
 * EXPECT site leak_small 10/480
 * EXPECT site leak_zeroed 2/600
 * EXPECT site leak_big 1/3000000
 * EXPECT site leak_aligned 1/640
 * EXPECT site resize 2/100900
 * EXPECT site main 1/100
 */
#include "program.h"

SITE static void *leak_small(void)
{
	return keep(malloc(48));
}

SITE static void *leak_zeroed(void)
{
	return keep(calloc(3, 100));
}

SITE static void *leak_big(void)
{
	return keep(malloc(3000000));
}

SITE static void leak_aligned(void)
{
	void *block = NULL;

	REQUIRE(posix_memalign(&block, 64, 640) == 0);
	keep(block);
}

SITE static void *resize(void *block, size_t size)
{
	return keep(realloc(block, size));
}

SITE static void freed(void)
{
	for (size_t size = 1; size < 100000; size *= 3)
		free(keep(malloc(size)));
	free(keep(calloc(7, 7)));
	free(resize(keep(malloc(10)), 5000));
	free(keep(NULL));
}

int main(void)
{
	for (int i = 0; i < 10; i++)
		leak_small();
	for (int i = 0; i < 2; i++)
		leak_zeroed();
	leak_big();
	leak_aligned();
	REQUIRE(resize(keep(malloc(100)), 100000) != NULL);
	REQUIRE(resize(keep(malloc(1000)), 900) != NULL);
	REQUIRE(resize(keep(malloc(100)), PTRDIFF_MAX) == NULL);
	freed();
	return 0;
}
