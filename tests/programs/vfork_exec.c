/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child of vfork borrows its parent's address space until it executes.
 * EXPECT process root heap acquired=2/30 released=0/0 live=2/30
 * EXPECT process root site leak_before 1/10
 * EXPECT process root site leak_after 1/20
 * EXPECT process exec_target heap acquired=1/77 released=0/0 live=1/77
 * EXPECT process exec_target site leak_target 1/77
 * VARIANT attach
 */
#include <sys/wait.h>

#include "program.h"

SITE static void leak_before(void)
{
	keep(malloc(10));
}

SITE static void leak_after(void)
{
	keep(malloc(20));
}

int main(int argc, char **argv)
{
	int status;
	pid_t child;

	program_begin(argc, argv);
	leak_before();
	child = vfork();
	REQUIRE(child >= 0);
	if (child == 0) {
		execl(TARGET, TARGET, (char *)NULL);
		_exit(127);
	}
	leak_after();
	REQUIRE(waitpid(child, &status, 0) == child);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 0;
}
