/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Eight threads that allocate and free as fast as they can until standard input
 * ends. Blocks carry a pattern that is looked at when they are freed: the program
 * says "whole" when nothing was harmed.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "program.h"

#define THREADS 8
#define SLOTS 512

struct slot {
	unsigned char *block;
	size_t bytes;
};

static struct slot slots[THREADS][SLOTS];
static atomic_bool ended;

SITE static void acquire(struct slot *slot)
{
	slot->block = keep(malloc(slot->bytes));
}

SITE static void acquire_zeroed(struct slot *slot)
{
	slot->block = keep(calloc(1, slot->bytes));
}

SITE static void release(struct slot *slot)
{
	unsigned char mark = (unsigned char)slot->bytes;

	REQUIRE(slot->block[0] == mark && slot->block[slot->bytes - 1] == mark);
	free(slot->block);
	slot->block = NULL;
}

static void *work(void *argument)
{
	struct slot *mine = argument;

	for (size_t i = 0; !ended; i++) {
		struct slot *slot = &mine[i * 7 % SLOTS];

		if (slot->block)
			release(slot);
		slot->bytes = 1 + i * 31 % 900;
		if (i % 3)
			acquire(slot);
		else
			acquire_zeroed(slot);
		REQUIRE(slot->block != NULL);
		memset(slot->block, (int)(slot->bytes & 0xff), slot->bytes);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	char byte;

	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, work, slots[i]) == 0);
	REQUIRE(write(STDOUT_FILENO, "ready\n", 6) == 6);
	REQUIRE(read(STDIN_FILENO, &byte, 1) == 0);
	ended = true;
	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	REQUIRE(write(STDOUT_FILENO, "whole\n", 6) == 6);
	return 0;
}
