/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that libc allocates for its caller.
 * EXPECT heap acquired=3/17 released=1/7 live=2/10
 * DEEP EXPECT site leak_copy 1/6
 * DEEP EXPECT site leak_part 1/4
 * VARIANT attach
 */
#include "program.h"

SITE static void leak_copy(void)
{
	keep(strdup("hello"));
}

SITE static void leak_part(void)
{
	keep(strndup("hello", 3));
}

SITE static void freed(void)
{
	free(keep(strdup("freed!")));
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	leak_copy();
	leak_part();
	freed();
	return 0;
}
