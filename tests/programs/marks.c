/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks in all ways, each block of a size of its own:
 *
 *     1000 outside  1001 in "outer"  1002 in "inner" in it  1003 in "outer" again
 *     1004 outside  1005 in phase "cold"  1006 in phase "warm"  1007 in "outer", second time
 *     1008 by a thread while "outer" is open in main  1009 by a thread in "own" of its own
 */
#include "program.h"

#include <pthread.h>

#include "leaktrace/mark.h"

SITE static void take(size_t bytes)
{
	keep(malloc(bytes));
}

static void *in_outer(void *argument)
{
	take(1008);
	return argument;
}

static void *in_own(void *argument)
{
	LEAKTRACE_BEGIN("own");
	take(1009);
	LEAKTRACE_END();
	return argument;
}

static void run(void *(*function)(void *argument))
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, function, NULL));
	REQUIRE(!pthread_join(thread, NULL));
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	take(1000);
	LEAKTRACE_BEGIN("outer");
	take(1001);
	LEAKTRACE_BEGIN("inner");
	take(1002);
	LEAKTRACE_END();
	take(1003);
	LEAKTRACE_END();
	take(1004);
	LEAKTRACE_MARK("cold");
	take(1005);
	LEAKTRACE_MARK("warm");
	take(1006);
	LEAKTRACE_BEGIN("outer");
	take(1007);
	run(in_outer);
	run(in_own);
	LEAKTRACE_END();
	/* One too many. */
	LEAKTRACE_END();
	return 0;
}
