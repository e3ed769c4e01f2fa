/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * realloc of blocks that are mappings of their own, up, down, and into one.
 * EXPECT heap acquired=6/6492556 released=5/5443980 live=1/1048576
 * EXPECT site resize 1/1048576
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

int main(int argc, char **argv)
{
	void *block;

	program_begin(argc, argv);
	block = start(1 << 20);
	block = resize(block, 4 << 20);
	block = resize(block, 200000);
	block = resize(block, 1000);
	free(block);
	REQUIRE(resize(start(100), 1 << 20) != NULL);
	return 0;
}
