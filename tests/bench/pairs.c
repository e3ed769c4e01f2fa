/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the nanoseconds of a malloc and free pair: pairs [COUNT [DEPTH [THREADS]]],
 * DEPTH calls below main. Threads begin a round together, which is over when the last of them is
 * done. The fastest of five rounds: other load only adds.
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

struct span {
	double start;
	double end;
};

struct thread {
	pthread_t id;
	struct span rounds[ROUNDS];
};

static pthread_barrier_t together;

static void pairs(struct span *span)
{
	span->start = now_ns();
	for (long i = 0; i < count; i++) {
		void *volatile block = malloc(64);

		free(block);
	}
	span->end = now_ns();
}

static void descend(long left, struct span *span)
{
	if (left > 0)
		descend(left - 1, span);
	else
		pairs(span);
	/* No tail call. */
	__asm__ volatile("");
}

static void *run(void *thread)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&together);
		descend(depth, &((struct thread *)thread)->rounds[round]);
	}
	return NULL;
}

static double round_ns(const struct thread *threads, int thread_count, int round)
{
	struct span whole = threads[0].rounds[round];

	for (int i = 1; i < thread_count; i++) {
		const struct span *span = &threads[i].rounds[round];

		if (span->start < whole.start)
			whole.start = span->start;
		if (span->end > whole.end)
			whole.end = span->end;
	}
	return (whole.end - whole.start) / count;
}

int main(int argc, char **argv)
{
	int thread_count = argc > 3 ? atoi(argv[3]) : 1;
	struct thread threads[64];
	double best = 1e18;

	if (argc > 1)
		count = atol(argv[1]);
	if (argc > 2)
		depth = atol(argv[2]);
	if (thread_count < 1 || thread_count > 64)
		return 2;
	pthread_barrier_init(&together, NULL, thread_count);
	for (int i = 1; i < thread_count; i++)
		pthread_create(&threads[i].id, NULL, run, &threads[i]);
	run(&threads[0]);
	for (int i = 1; i < thread_count; i++)
		pthread_join(threads[i].id, NULL);
	for (int round = 0; round < ROUNDS; round++) {
		double ns = round_ns(threads, thread_count, round);

		if (ns < best)
			best = ns;
	}
	printf("%.1f\n", best);
	return 0;
}
