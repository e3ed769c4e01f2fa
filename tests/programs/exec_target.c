/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other programs start: one leak.
 * EXPECT heap acquired=1/77 released=0/0 live=1/77
 * EXPECT site leak_target 1/77
 */
#include "program.h"

SITE static void leak_target(void)
{
	keep(malloc(77));
}

int main(void)
{
	leak_target();
	return 0;
}
