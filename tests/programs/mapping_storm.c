/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that map, unmap in part, replace, move and resize at random. With --wait it
 * begins when a byte comes, says "done" at the end and waits for another.
 */
#include "program.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define SLOTS 64
#define PAGES_MAX 40
#define ROUNDS 8000
#define THREADS 3

struct slot {
	char *start;
	size_t pages;
};

static void map(struct slot *slot, size_t pages)
{
	slot->start = mmap(NULL, pages * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(slot->start != MAP_FAILED);
	slot->pages = pages;
}

static void unmap(struct slot *slot)
{
	REQUIRE(!munmap(slot->start, slot->pages * PAGE));
	slot->pages = 0;
}

/* A hole, filled by another mapping. */
static void replace(struct slot *slot, unsigned *seed)
{
	size_t first = rand_r(seed) % slot->pages, pages = 1 + rand_r(seed) % (slot->pages - first);

	REQUIRE(mmap(slot->start + first * PAGE, pages * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

static void cut_end(struct slot *slot, unsigned *seed)
{
	size_t kept = 1 + rand_r(seed) % slot->pages;

	if (kept < slot->pages)
		REQUIRE(!munmap(slot->start + kept * PAGE, (slot->pages - kept) * PAGE));
	slot->pages = kept;
}

/* Of several kinds of pages, which mremap(2) refuses: then it stays as it is. */
static void resize(struct slot *slot, unsigned *seed)
{
	size_t pages = 1 + rand_r(seed) % PAGES_MAX;
	char *start = mremap(slot->start, slot->pages * PAGE, pages * PAGE, MREMAP_MAYMOVE);

	if (start == MAP_FAILED)
		return;
	slot->start = start;
	slot->pages = pages;
}

static void *storm(void *argument)
{
	struct slot slots[SLOTS] = { { 0 } };
	unsigned seed = (unsigned)(uintptr_t)argument;

	for (int i = 0; i < ROUNDS; i++) {
		struct slot *slot = &slots[rand_r(&seed) % SLOTS];

		if (!slot->pages)
			map(slot, 1 + rand_r(&seed) % PAGES_MAX);
		else if (rand_r(&seed) % 4 == 0)
			unmap(slot);
		else if (rand_r(&seed) % 3 == 0)
			replace(slot, &seed);
		else if (rand_r(&seed) % 2 == 0)
			cut_end(slot, &seed);
		else
			resize(slot, &seed);
	}
	return NULL;
}

static void libraries(void)
{
	for (int i = 0; i < 20; i++) {
		void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);

		if (library && i < 19)
			dlclose(library);
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	char byte;

	program_begin(argc, argv);
	for (uintptr_t i = 0; i < THREADS; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, storm, (void *)(i + 1)));
	libraries();
	for (int i = 0; i < THREADS; i++)
		REQUIRE(!pthread_join(threads[i], NULL));
	REQUIRE(write(STDOUT_FILENO, "done\n", 5) == 5);
	if (argc > 1)
		REQUIRE(read(STDIN_FILENO, &byte, 1) >= 0);
	return 0;
}
