/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of no size are blocks.
 * EXPECT heap acquired=3/0 released=1/0 live=2/0
 * EXPECT site leak_zero 1/0
 * EXPECT site leak_realloc_zero 1/0
 * VARIANT attach
 * VARIANT flavour=musl
 */
#include "program.h"

SITE static void *leak_zero(void)
{
	return keep(malloc(0));
}

SITE static void *leak_realloc_zero(void)
{
	return keep(realloc(NULL, 0));
}

SITE static void freed(void)
{
	void *block = keep(calloc(0, 8));

	REQUIRE(block != NULL);
	free(block);
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	REQUIRE(leak_zero() != NULL);
	REQUIRE(leak_realloc_zero() != NULL);
	freed();
	return 0;
}
