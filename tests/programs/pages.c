/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that are touched, and given back in every way; with "many": very many of them, and
 * how long that took, in ms.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define PAGES 100

static char *map(size_t pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

__attribute__((noinline)) static void touch(char *memory, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		((volatile char *)memory)[i * PAGE] = 1;
}

__attribute__((noinline)) static void keep(void)
{
	touch(map(PAGES), PAGES);
	__asm__ volatile("");
}

__attribute__((noinline)) static void unmap(void)
{
	char *memory = map(PAGES);

	touch(memory, PAGES);
	munmap(memory, PAGES * PAGE);
}

__attribute__((noinline)) static void unmap_half(void)
{
	char *memory = map(PAGES);

	touch(memory, PAGES);
	munmap(memory + PAGES / 4 * PAGE, PAGES / 2 * PAGE);
}

__attribute__((noinline)) static void discard(void)
{
	char *memory = map(PAGES);

	touch(memory, PAGES);
	madvise(memory, PAGES * PAGE, MADV_DONTNEED);
}

/* Moved to where there is room for more. */
__attribute__((noinline)) static void move(void)
{
	char *memory = map(PAGES);

	touch(memory, PAGES);
	mremap(memory, PAGES * PAGE, 100 * PAGES * PAGE, MREMAP_MAYMOVE);
}

/* No whole pages: nothing happens. */
__attribute__((noinline)) static void fail_to_unmap(void)
{
	char *memory = map(20);

	touch(memory, 20);
	munmap(memory + 1, 20 * PAGE);
}

__attribute__((noinline)) static void shrink_break(void)
{
	char *memory = sbrk(PAGES * PAGE);

	touch(memory, PAGES);
	sbrk(-(long)(PAGES * PAGE));
}

__attribute__((noinline)) static void touch_many(void)
{
	struct timespec begin, end;
	char *memory = map(100000);

	clock_gettime(CLOCK_MONOTONIC, &begin);
	touch(memory, 100000);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%f\n", (end.tv_sec - begin.tv_sec) * 1e3 + (end.tv_nsec - begin.tv_nsec) / 1e6);
}

#define HUGE_BYTES (2UL << 20)

static long resident_kb(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		return 0;
	fclose(file);
	return pages * (long)(PAGE / 1024);
}

/* 16 huge pages, where the kernel gives them; says how much became resident, in KB. */
__attribute__((noinline)) static void touch_huge(void)
{
	char *memory = map(20 * HUGE_BYTES / PAGE);
	long before;

	memory += HUGE_BYTES - (unsigned long)memory % HUGE_BYTES;
	madvise(memory, 16 * HUGE_BYTES, MADV_HUGEPAGE);
	before = resident_kb();
	touch(memory, 16 * HUGE_BYTES / PAGE);
	printf("%ld\n", resident_kb() - before);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "huge")) {
		touch_huge();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "many")) {
		touch_many();
		return 0;
	}
	keep();
	unmap();
	unmap_half();
	discard();
	move();
	fail_to_unmap();
	shrink_break();
	return 0;
}
