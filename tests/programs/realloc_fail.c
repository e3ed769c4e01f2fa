/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * realloc and reallocarray that fail keep the block.
 * EXPECT heap acquired=2/150 released=1/50 live=1/100
 * EXPECT site start 1/100
 * VARIANT attach
 * VARIANT flavour=musl
 */
#include "program.h"

SITE static void *start(size_t size)
{
	return keep(malloc(size));
}

SITE static void *resize(void *block, size_t size)
{
	return keep(realloc(block, size));
}

SITE static void *resize_array(void *block, size_t count, size_t size)
{
	return keep(reallocarray(block, count, size));
}

int main(int argc, char **argv)
{
	void *kept, *freed;

	program_begin(argc, argv);
	kept = start(100);
	REQUIRE(resize(kept, PTRDIFF_MAX) == NULL);
	REQUIRE(resize_array(kept, SIZE_MAX / 2, 4) == NULL);
	freed = start(50);
	REQUIRE(resize(freed, PTRDIFF_MAX) == NULL);
	free(freed);
	return 0;
}
