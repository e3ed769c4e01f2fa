/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A service that is looked into while it runs: in each round it keeps, exchanges and loses
 * blocks, in as many threads as its first argument says. Ends when its input does.
 */
#include "program.h"

#include <poll.h>
#include <pthread.h>

#define HELD 100
#define ROUND_MS 2

struct node {
	struct node *next;
	char rest[100];
};

static _Thread_local struct node *list;
static _Thread_local void *table[HELD];

SITE static void lose(void)
{
	volatile char *block = calloc(1, 77);

	block[0] = 1;
}

SITE static void keep_on(void)
{
	struct node *next = list;

	list = calloc(1, sizeof(*list));
	list->next = next;
}

SITE static void exchange(unsigned i)
{
	free(table[i % HELD]);
	table[i % HELD] = calloc(1, 50 + i % 400);
}

/* So that what a round leaves below the stack is gone. */
SITE static void wipe(void)
{
	volatile char rest[8192];

	memset((void *)rest, 0, sizeof(rest));
}

static void *serve(void *input)
{
	struct pollfd wait = { .fd = input ? STDIN_FILENO : -1, .events = POLLIN };

	for (unsigned i = 0;; i++) {
		int ready;

		if (i % 10 == 0)
			lose();
		if (i % 15 == 0)
			keep_on();
		for (unsigned k = 0; k < 20; k++)
			exchange(i * 20 + k);
		wipe();
		ready = poll(&wait, 1, ROUND_MS);
		if (ready > 0)
			return NULL;
	}
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;

	program_begin(argc, argv);
	for (int i = 1; i < threads; i++) {
		pthread_t thread;

		REQUIRE(!pthread_create(&thread, NULL, serve, NULL));
	}
	serve(argv);
	return 0;
}
