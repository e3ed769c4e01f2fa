/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * realloc(block, 0) that returns NULL is a free and nothing else.
 * EXPECT heap acquired=2/300 released=2/300 live=0/0
 * VARIANT attach
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
	REQUIRE(resize(start(100), 0) == NULL);
	REQUIRE(resize(start(200), 0) == NULL);
	return 0;
}
