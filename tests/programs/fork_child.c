/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child frees a block that it inherited (its parent still has it), and leaks one
 * of its own.
 * EXPECT processes 2
 * EXPECT process root heap acquired=2/300 released=0/0 live=2/300
 * EXPECT process root site start 1/100
 * EXPECT process root site leak_parent 1/200
 * EXPECT process child heap acquired=1/30 released=0/0 live=1/30
 * EXPECT process child site leak_child 1/30
 * EXPECT process child unmatched=1
 * EXPECT process child end exited=7
 * EXPECT loss releases_unmatched>=0
 * VARIANT attach
 */
#include <sys/wait.h>

#include "program.h"

SITE static void *start(void)
{
	return keep(malloc(100));
}

SITE static void leak_parent(void)
{
	keep(malloc(200));
}

SITE static void leak_child(void)
{
	keep(malloc(30));
}

int main(int argc, char **argv)
{
	void *inherited;
	int status;
	pid_t child;

	program_begin(argc, argv);
	inherited = start();
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		free(inherited);
		leak_child();
		_exit(7);
	}
	leak_parent();
	REQUIRE(waitpid(child, &status, 0) == child);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	return 0;
}
