/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Very many call sites, each of which holds blocks:
 *
 *     sites SITES BLOCKS_PER_SITE SECONDS
 *
 * A path through two functions, one step for each bit of the site's number, makes the stacks
 * differ. When all is held it says "ready", and goes on to allocate and free slowly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BITS 15

typedef void step_function(unsigned path, unsigned bits, unsigned blocks);

static step_function left, right;

static void go(unsigned path, unsigned bits, unsigned blocks)
{
	if (path & 1)
		right(path >> 1, bits - 1, blocks);
	else
		left(path >> 1, bits - 1, blocks);
}

static void hold(unsigned blocks)
{
	for (unsigned i = 0; i < blocks; i++)
		*(void *volatile *)malloc(16) = NULL;
}

__attribute__((noinline)) static void left(unsigned path, unsigned bits, unsigned blocks)
{
	if (bits)
		go(path, bits, blocks);
	else
		hold(blocks);
	__asm__ volatile("");
}

__attribute__((noinline)) static void right(unsigned path, unsigned bits, unsigned blocks)
{
	if (bits)
		go(path, bits, blocks);
	else
		hold(blocks);
	__asm__ volatile("" ::: "memory");
}

int main(int argc, char **argv)
{
	unsigned sites = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 20000;
	unsigned blocks = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 100;
	unsigned seconds = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : 20;
	char go_on;

	puts("waiting");
	fflush(stdout);
	if (read(STDIN_FILENO, &go_on, 1) != 1)
		return 1;
	for (unsigned i = 0; i < sites; i++)
		go(i, BITS, blocks);
	puts("ready");
	fflush(stdout);
	for (time_t end = time(NULL) + seconds; time(NULL) < end; usleep(1000))
		for (unsigned i = 0; i < 10; i++)
			go((unsigned)rand() % sites, BITS, 1);
	return 0;
}
