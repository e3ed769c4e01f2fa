/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tracer meets that comes late: blocks from before, of which some are freed
 * and resized; threads that begin later; an allocator that is loaded later. Says
 * "ready" before each of these three steps and waits for a byte.
 */
#include <dlfcn.h>
#include <pthread.h>

#include "program.h"

#define BEFORE 20
#define THREADS 4

static void *before[BEFORE];

static void step(void)
{
	char byte;

	REQUIRE(write(STDOUT_FILENO, "ready\n", 6) == 6);
	REQUIRE(read(STDIN_FILENO, &byte, 1) == 1);
}

SITE static void *acquire_before(void)
{
	return keep(malloc(100));
}

SITE static void *resize_old(void *block)
{
	return keep(realloc(block, 200));
}

SITE static void *leak_thread(void)
{
	return keep(malloc(33));
}

SITE static void *leak_late(void *(*other_malloc)(size_t size))
{
	return keep(other_malloc(48));
}

static void *work(void *argument)
{
	for (int i = 0; i < 5; i++) {
		leak_thread();
		free(leak_thread());
	}
	return argument;
}

static void run_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, work, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
}

static void use_library(void *library)
{
	void *(*other_malloc)(size_t) = (void *(*)(size_t))dlsym(library, "je_malloc");
	void (*other_free)(void *) = (void (*)(void *))dlsym(library, "je_free");

	REQUIRE(other_malloc && other_free);
	for (int i = 0; i < 10; i++) {
		leak_late(other_malloc);
		other_free(leak_late(other_malloc));
	}
}

int main(void)
{
	void *library;

	for (int i = 0; i < BEFORE; i++)
		before[i] = acquire_before();
	step();
	for (int i = 0; i < 7; i++)
		free(before[i]);
	for (int i = 7; i < 10; i++)
		before[i] = resize_old(before[i]);
	step();
	run_threads();
	library = dlopen("libprefixed.so", RTLD_NOW | RTLD_LOCAL);
	REQUIRE(library != NULL);
	step();
	use_library(library);
	return 0;
}
