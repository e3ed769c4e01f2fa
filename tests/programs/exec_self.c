/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exec: the address space is gone, and what it held is no leak of the new image.
 * EXPECT process exec_self heap acquired=5/500 released=1/100 live=4/400
 * EXPECT process exec_self end exec
 * EXPECT process exec_target heap acquired=1/77 released=0/0 live=1/77
 * EXPECT process exec_target site leak_target 1/77
 * EXPECT process exec_target end exited=0
 * VARIANT attach
 */
#include "program.h"

SITE static void *start(void)
{
	return keep(malloc(100));
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	for (int i = 0; i < 4; i++)
		start();
	free(start());
	execl(TARGET, TARGET, (char *)NULL);
	return 1;
}
