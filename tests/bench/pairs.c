/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the nanoseconds of a malloc and free pair: pairs [COUNT [DEPTH [THREADS]]],
 * DEPTH calls below main. The fastest of five rounds: other load only adds.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 5

static long count = 200000;
static long depth = 3;

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static double pairs(void)
{
	double start = now_ns();

	for (long i = 0; i < count; i++) {
		void *volatile block = malloc(64);

		free(block);
	}
	return (now_ns() - start) / count;
}

static double descend(long left)
{
	volatile double result = left > 0 ? descend(left - 1) : pairs();

	return result;
}

static void *run(void *result)
{
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		double ns = descend(depth);

		if (ns < best)
			best = ns;
	}
	*(double *)result = best;
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 3 ? atoi(argv[3]) : 1;
	pthread_t ids[64];
	double results[64], worst = 0;

	if (argc > 1)
		count = atol(argv[1]);
	if (argc > 2)
		depth = atol(argv[2]);
	if (threads < 1 || threads > 64)
		return 2;
	for (int i = 1; i < threads; i++)
		pthread_create(&ids[i], NULL, run, &results[i]);
	run(&results[0]);
	for (int i = 1; i < threads; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < threads; i++)
		if (results[i] > worst)
			worst = results[i];
	printf("%.1f\n", worst);
	return 0;
}
