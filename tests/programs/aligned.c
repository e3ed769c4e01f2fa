/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every aligned allocation, one that glibc hands on to malloc, and calls that fail.
 * EXPECT heap acquired=7/6288 released=1/128 live=6/6160
 * EXPECT site leak_posix 1/1000
 * EXPECT site leak_aligned 1/640
 * EXPECT site leak_memalign 1/300
 * EXPECT site leak_memalign_small 1/24
 * EXPECT site leak_valloc 1/100
 * EXPECT site leak_pvalloc 1/4096
 * VARIANT attach
 * VARIANT flavour=static
 */
#include <errno.h>
#include <malloc.h>

#include "program.h"

SITE static void leak_posix(void)
{
	void *block = NULL;

	REQUIRE(posix_memalign(&block, 64, 1000) == 0);
	keep(block);
}

SITE static void leak_aligned(void)
{
	keep(aligned_alloc(64, 640));
}

SITE static void leak_memalign(void)
{
	keep(memalign(256, 300));
}

SITE static void leak_memalign_small(void)
{
	keep(memalign(8, 24));
}

SITE static void leak_valloc(void)
{
	keep(valloc(100));
}

SITE static void leak_pvalloc(void)
{
	keep(pvalloc(100));
}

SITE static void refused(void)
{
	void *block = NULL;

	REQUIRE(posix_memalign(&block, 3, 100) == EINVAL);
	REQUIRE(posix_memalign(&block, 64, PTRDIFF_MAX) == ENOMEM);
}

SITE static void freed(void)
{
	void *block = NULL;

	REQUIRE(posix_memalign(&block, 64, 128) == 0);
	free(keep(block));
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	leak_posix();
	leak_aligned();
	leak_memalign();
	leak_memalign_small();
	leak_valloc();
	leak_pvalloc();
	refused();
	freed();
	return 0;
}
