/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * realloc in place keeps the time of birth.
 * EXPECT heap acquired=2/1990 released=1/1000 live=1/990
 * EXPECT site resize 1/990
 * EXPECT age resize 300
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
	block = start(1000);
	sleep_ms(400);
	REQUIRE(resize(block, 990) == block);
	return 0;
}
