/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As many of a thing at once as is asked for (tests/e2e/test_extremes.py):
 *
 *   extremes threads N     N threads alive at once; each keeps a block of 16 bytes
 *   extremes children N    N children alive at once; each keeps a block of 24 bytes
 *   extremes depth N       a block of 32 bytes kept N calls down
 *   extremes pids N        N children, one after the other; each keeps a block of 40 bytes
 *   extremes libraries FOLDER N   FOLDER/0.so to N-1.so, each loaded; each keeps a block of 56
 * bytes
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

static pthread_barrier_t all_there;

SITE static void keep_in_thread(void)
{
	keep(malloc(16));
}

SITE static void keep_in_child(void)
{
	keep(malloc(24));
}

SITE static void keep_below(void)
{
	keep(malloc(32));
}

SITE static void keep_in_turn(void)
{
	keep(malloc(40));
}

static void *body(void *unused)
{
	keep_in_thread();
	pthread_barrier_wait(&all_there);
	return unused;
}

static void threads(int count)
{
	pthread_t *all = calloc((size_t)count, sizeof(*all));
	pthread_attr_t small;

	REQUIRE(all != NULL && pthread_attr_init(&small) == 0);
	REQUIRE(pthread_attr_setstacksize(&small, 128 << 10) == 0);
	REQUIRE(pthread_barrier_init(&all_there, NULL, (unsigned)count + 1) == 0);
	for (int i = 0; i < count; i++)
		REQUIRE(pthread_create(&all[i], &small, body, NULL) == 0);
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < count; i++)
		REQUIRE(pthread_join(all[i], NULL) == 0);
	free(all);
}

static void reap(void)
{
	int status;

	REQUIRE(wait(&status) > 0);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void children(int count)
{
	int gate[2];
	char byte;

	REQUIRE(pipe(gate) == 0);
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		REQUIRE(child >= 0);
		if (!child) {
			close(gate[1]);
			keep_in_child();
			/* The end of the pipe, when all are there. */
			REQUIRE(read(gate[0], &byte, 1) == 0);
			exit(0);
		}
	}
	close(gate[1]);
	close(gate[0]);
	for (int i = 0; i < count; i++)
		reap();
}

SITE static void descend(int depth)
{
	if (depth > 0)
		descend(depth - 1);
	else
		keep_below();
	__asm__ volatile("");
}

static void pids(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		REQUIRE(child >= 0);
		if (!child) {
			keep_in_turn();
			exit(0);
		}
		reap();
	}
}

static void libraries(const char *folder, int count)
{
	char path[4096];

	for (int i = 0; i < count; i++) {
		void *(*acquire)(void);
		void *library;

		snprintf(path, sizeof(path), "%s/%d.so", folder, i);
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		REQUIRE(library != NULL);
		acquire = dlsym(library, "acquire_here");
		REQUIRE(acquire != NULL);
		keep(acquire());
	}
}

int main(int argc, char **argv)
{
	REQUIRE(argc > 2);
	if (!strcmp(argv[1], "threads"))
		threads(atoi(argv[2]));
	else if (!strcmp(argv[1], "children"))
		children(atoi(argv[2]));
	else if (!strcmp(argv[1], "depth"))
		descend(atoi(argv[2]));
	else if (!strcmp(argv[1], "pids"))
		pids(atoi(argv[2]));
	else
		libraries(argv[2], atoi(argv[3]));
	return 0;
}
