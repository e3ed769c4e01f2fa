/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that hold blocks and are alive when the process ends.
 * EXPECT heap acquired=8/640 released=4/320 live=4/320
 * EXPECT site leak_thread 4/320
 * EXPECT site @ld-linux 4/any
 * EXPECT end exited=0
 * VARIANT attach
 */
#include <pthread.h>

#include "program.h"

#define THREADS 4

static pthread_barrier_t started;

SITE static void *leak_thread(void)
{
	return keep(malloc(80));
}

static void *body(void *unused)
{
	leak_thread();
	free(leak_thread());
	pthread_barrier_wait(&started);
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	program_begin(argc, argv);
	REQUIRE(pthread_barrier_init(&started, NULL, THREADS + 1) == 0);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&thread, NULL, body, NULL) == 0);
	pthread_barrier_wait(&started);
	return 0;
}
