/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that start, allocate and end in great number: the blocks that a thread's
 * cache gives back at its end were released before.
 * EXPECT heap acquired=48480/3079680 released=48000/3072000 live=480/7680
 * EXPECT site leak_thread 480/7680
 * EXPECT site @ld-linux any
 * EXPECT loss releases_unmatched>=0
 * VARIANT attach
 */
#include <pthread.h>

#include "program.h"

#define WORKERS 8
#define GENERATIONS 60
#define BLOCKS 100

SITE static void leak_thread(void)
{
	keep(malloc(16));
}

SITE static void *start(void)
{
	return keep(malloc(64));
}

static void *body(void *unused)
{
	void *blocks[BLOCKS];

	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = start();
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	leak_thread();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[WORKERS];
	pthread_attr_t small;

	program_begin(argc, argv);
	REQUIRE(pthread_attr_init(&small) == 0);
	REQUIRE(pthread_attr_setstacksize(&small, 128 << 10) == 0);
	for (int generation = 0; generation < GENERATIONS; generation++) {
		for (int i = 0; i < WORKERS; i++)
			REQUIRE(pthread_create(&threads[i], &small, body, NULL) == 0);
		for (int i = 0; i < WORKERS; i++)
			REQUIRE(pthread_join(threads[i], NULL) == 0);
	}
	return 0;
}
