/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks of 60 frames are whole, deeper ones than can be kept are marked as cut.
 * EXPECT heap acquired=2/77 released=0/0 live=2/77
 * EXPECT site leak_at_60 1/44
 * EXPECT site leak_at_2000 1/33
 * EXPECT stack main 1/44
 * EXPECT whole leak_at_60
 * EXPECT truncated leak_at_2000
 * EXPECT loss stacks_too_deep=1
 * VARIANT attach
 */
#include "program.h"

SITE static void leak_at_60(void)
{
	keep(malloc(44));
}

SITE static void leak_at_2000(void)
{
	keep(malloc(33));
}

SITE static void descend(int depth, void (*leak)(void))
{
	if (depth > 0)
		descend(depth - 1, leak);
	else
		leak();
	keep(NULL);
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	descend(57, leak_at_60);
	descend(2000, leak_at_2000);
	return 0;
}
