/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many short programs, four at a time.
 * EXPECT process root heap acquired=1/50 released=0/0 live=1/50
 * EXPECT process exec_target* heap acquired=1/77 released=0/0 live=1/77
 * EXPECT process exec_target* site leak_target 1/77
 * EXPECT process exec_target* count=60
 * VARIANT attach
 */
#include <sys/wait.h>

#include "program.h"

#define CHILDREN 60
#define AT_ONCE 4

SITE static void leak_root(void)
{
	keep(malloc(50));
}

static void reap(void)
{
	int status;

	REQUIRE(wait(&status) > 0);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	leak_root();
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = i % 2 ? fork() : vfork();

		REQUIRE(child >= 0);
		if (child == 0) {
			execl(TARGET, TARGET, (char *)NULL);
			_exit(127);
		}
		if (i >= AT_ONCE)
			reap();
	}
	for (int i = 0; i < AT_ONCE; i++)
		reap();
	return 0;
}
