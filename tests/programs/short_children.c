/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many children that live for a moment, eight at a time.
 * EXPECT processes 201
 * EXPECT process root heap acquired=1/50 released=0/0 live=1/50
 * EXPECT process child* heap acquired=2/33 released=1/22 live=1/11
 * EXPECT process child* site leak_child 1/11
 * EXPECT process child* end exited=0
 * VARIANT attach
 */
#include <sys/wait.h>

#include "program.h"

#define CHILDREN 200
#define AT_ONCE 8

SITE static void leak_root(void)
{
	keep(malloc(50));
}

SITE static void leak_child(void)
{
	keep(malloc(11));
}

SITE static void freed(void)
{
	free(keep(malloc(22)));
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
		pid_t child = fork();

		REQUIRE(child >= 0);
		if (child == 0) {
			freed();
			leak_child();
			_exit(0);
		}
		if (i >= AT_ONCE)
			reap();
	}
	for (int i = 0; i < AT_ONCE; i++)
		reap();
	return 0;
}
