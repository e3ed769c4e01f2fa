/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * realloc that moves, that stays in place, that begins with NULL.
 * EXPECT heap acquired=5/102300 released=2/1100 live=3/101200
 * EXPECT site resize 3/101200
 * VARIANT attach
 * VARIANT preload=libheader.so
 * VARIANT flavour=static
 * VARIANT flavour=musl
 * VARIANT flavour=musl-static
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
	program_begin(argc, argv);
	REQUIRE(resize(start(100), 100000) != NULL);
	REQUIRE(resize(start(1000), 900) != NULL);
	REQUIRE(resize(NULL, 300) != NULL);
	return 0;
}
