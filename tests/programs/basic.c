/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * malloc, calloc, free, free(NULL), and leaks from two sites.
 * EXPECT heap acquired=25/1912 released=13/832 live=12/1080
 * EXPECT site leak_small 10/480
 * EXPECT site leak_zeroed 2/600
 * EXPECT stack work 12/1080
 * EXPECT stack main 12/1080
 * VARIANT attach
 * VARIANT preload=libheader.so
 * VARIANT flavour=nopie
 * VARIANT flavour=nofp deep
 * VARIANT flavour=static
 * VARIANT flavour=musl
 * VARIANT flavour=musl-static
 * VARIANT flavour=jemalloc-linked
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

SITE static void freed(void)
{
	void *block = keep(malloc(64));

	REQUIRE(block != NULL);
	free(block);
	free(keep(NULL));
}

SITE static void work(void)
{
	for (int i = 0; i < 10; i++)
		leak_small();
	for (int i = 0; i < 2; i++)
		leak_zeroed();
	for (int i = 0; i < 13; i++)
		freed();
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	work();
	return 0;
}
