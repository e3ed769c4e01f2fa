/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that another thread frees are released; that thread's own stay its own.
 * EXPECT heap acquired=110/5200 released=100/4800 live=10/400
 * EXPECT site leak_thread 10/400
 * EXPECT site @ld-linux 1/any
 * EXPECT loss releases_unmatched>=0
 * VARIANT attach
 */
#include <pthread.h>

#include "program.h"

#define BLOCKS 100

static void *blocks[BLOCKS];

SITE static void *start(void)
{
	return keep(malloc(48));
}

SITE static void leak_thread(void)
{
	keep(malloc(40));
}

static void *release(void *unused)
{
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	for (int i = 0; i < 10; i++)
		leak_thread();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	program_begin(argc, argv);
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = start();
	REQUIRE(pthread_create(&thread, NULL, release, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	return 0;
}
