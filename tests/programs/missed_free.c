/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block that leaves behind the allocator's back: its address comes again, which
 * proves that a release was missed.
 * EXPECT heap acquired=2/2097152 released=1/1048576 live=1/1048576
 * EXPECT site start 1/1048576
 * EXPECT loss releases_missed=1
 */
#include <sys/mman.h>

#include "program.h"

#define BLOCK_BYTES (1 << 20)
#define HEADER_BYTES 16

SITE static char *start(void)
{
	return keep(malloc(BLOCK_BYTES));
}

int main(void)
{
	char *block = start();

	REQUIRE(((uintptr_t)block & 4095) == HEADER_BYTES);
	REQUIRE(munmap(block - HEADER_BYTES, BLOCK_BYTES + 4096) == 0);
	REQUIRE(start() == block);
	return 0;
}
