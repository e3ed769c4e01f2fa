/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaks at a known rate, beside others that give everything back:
 *
 *     grow [BLOCKS_PER_SECOND] [BYTES] [SECONDS] [WHAT...]
 *
 * WHAT: "fd" opens a descriptor a second and keeps it, "thread" makes a thread a second
 * that goes on, "busy" churns without pause, "talk" writes a line a second.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000ULL

static void *volatile kept;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

__attribute__((noinline)) static void leak_block(size_t bytes)
{
	kept = malloc(bytes);
	memset(kept, 1, bytes);
}

__attribute__((noinline)) static void churn(size_t bytes)
{
	void *volatile block = malloc(bytes);

	free(block);
}

/* Holds some blocks, each for a while. */
__attribute__((noinline)) static void cache(void)
{
	static void *blocks[64];
	static unsigned next;

	free(blocks[next % 64]);
	blocks[next++ % 64] = malloc(100);
}

__attribute__((noinline)) static void leak_fd(void)
{
	open("/dev/null", O_RDONLY);
}

static void *idle_thread(void *argument)
{
	pause();
	return argument;
}

__attribute__((noinline)) static void leak_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, idle_thread, NULL);
}

static int wants(int argc, char **argv, const char *what)
{
	for (int i = 4; i < argc; i++)
		if (!strcmp(argv[i], what))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long rate = argc > 1 ? strtoul(argv[1], NULL, 0) : 100;
	unsigned long bytes = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000;
	unsigned long seconds = argc > 3 ? strtoul(argv[3], NULL, 0) : 60;
	int fds = wants(argc, argv, "fd"), threads = wants(argc, argv, "thread");
	int busy = wants(argc, argv, "busy"), talks = wants(argc, argv, "talk");
	uint64_t begin = now_ns(), leaked = 0, whole = 0;

	for (;;) {
		uint64_t passed = now_ns() - begin;

		if (passed >= seconds * NS)
			return 0;
		/* By the clock and not by sleeping: the rate is true whatever tracing costs. */
		while (leaked < rate * passed / NS) {
			leak_block(bytes);
			leaked++;
		}
		churn(64);
		cache();
		if (passed / NS > whole) {
			whole = passed / NS;
			if (fds)
				leak_fd();
			if (threads)
				leak_thread();
			if (talks)
				printf("\033[1msecond %llu\033[0m of talking\n",
				       (unsigned long long)whole);
			fflush(stdout);
		}
		if (!busy)
			usleep(2000);
	}
}
