/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon: forks twice, leaves the session, outlives the command, leaks late.
 * EXPECT processes 3
 * EXPECT process root heap acquired=1/50 released=0/0 live=1/50
 * EXPECT process root end exited=5
 * EXPECT process grandchild heap acquired=2/61 released=1/21 live=1/40
 * EXPECT process grandchild site leak_daemon 1/40
 * EXPECT process grandchild end exited=0
 * VARIANT attach
 */
#include <sys/wait.h>

#include "program.h"

SITE static void leak_root(void)
{
	keep(malloc(50));
}

SITE static void leak_daemon(void)
{
	keep(malloc(40));
}

SITE static void freed(void)
{
	free(keep(malloc(21)));
}

int main(int argc, char **argv)
{
	int status;
	pid_t child;

	program_begin(argc, argv);
	leak_root();
	child = fork();
	REQUIRE(child >= 0);
	if (child == 0) {
		REQUIRE(setsid() > 0);
		child = fork();
		REQUIRE(child >= 0);
		if (child > 0)
			_exit(0);
		sleep_ms(700);
		freed();
		leak_daemon();
		_exit(0);
	}
	REQUIRE(waitpid(child, &status, 0) == child);
	return 5;
}
