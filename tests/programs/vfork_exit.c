/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child of vfork that ends without exec: its parent's blocks are untouched, and
 * what the child allocated meanwhile is its parent's.
 * EXPECT process root heap acquired=3/60 released=1/10 live=2/50
 * EXPECT process root site leak_shared 1/30
 * EXPECT process root site leak_after 1/20
 */
#include <sys/wait.h>

#include "program.h"

SITE static void *start(void)
{
	return keep(malloc(10));
}

SITE static void leak_shared(void)
{
	keep(malloc(30));
}

SITE static void leak_after(void)
{
	keep(malloc(20));
}

int main(void)
{
	void *block = start();
	pid_t child = vfork();
	int status;

	REQUIRE(child >= 0);
	if (child == 0) {
		leak_shared();
		_exit(0);
	}
	free(block);
	leak_after();
	REQUIRE(waitpid(child, &status, 0) == child);
	return 0;
}
