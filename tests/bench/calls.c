/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the nanoseconds of a system call: calls getppid|open [COUNT]. The fastest of five rounds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static void call_getppid(void)
{
	syscall(SYS_getppid);
}

/* Two calls. */
static void call_open(void)
{
	close(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 200000;
	void (*call)(void) = argc > 1 && !strcmp(argv[1], "open") ? call_open : call_getppid;
	double best = 1e18;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now_ns(), ns;

		for (long i = 0; i < count; i++)
			call();
		ns = (now_ns() - start) / count;
		if (ns < best)
			best = ns;
	}
	printf("%.1f\n", best);
	return 0;
}
