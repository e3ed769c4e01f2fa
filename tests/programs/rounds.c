/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same work again and again, as a test of a service has it: rounds CASE [SESSIONS]. Each is
 * a call of session() and, for the tests of marks, a mark.
 *
 *     clean     gives everything back        sixteen   loses 16 bytes a session
 *     fd        a descriptor a session       tenth     an unjoined thread every tenth session
 *     mapping   4 KB mapped a session        late      16 bytes, from the 30th session on
 *     buffer    a buffer that grows to 128K entries, and stays
 *     cache     64 keys that are kept        lazy      a singleton made by the 25th session
 *     pool      grows to 50 blocks, and shrinks back
 *     window    keeps what the last 5 sessions made
 *     outside   loses 16 bytes beside each session, not in it
 *     throws    is left by longjmp each time, and loses 16 bytes
 *     nested    session() calls inner(), which loses 16 bytes; session() itself loses 8
 *     random    loses 16 bytes in every third session or so
 */
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "leaktrace/mark.h"

static const char *what;
static unsigned number;
static jmp_buf out;

static bool is(const char *name)
{
	return !strcmp(what, name);
}

SITE static void lose(size_t bytes)
{
	keep(malloc(bytes));
}

SITE static void leak_fd(void)
{
	REQUIRE(open("/dev/null", O_RDONLY) >= 0);
}

SITE static void leak_mapping(void)
{
	REQUIRE(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void *end_at_once(void *argument)
{
	return argument;
}

SITE static void leak_thread(void)
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, end_at_once, NULL));
}

/* 1,000 entries a session, until there are 128K of them. */
SITE static void fill_buffer(void)
{
	static int *entries;
	static size_t count, room;

	for (int i = 0; i < 1000 && count < 131072; i++) {
		if (count == room) {
			room = room ? room * 2 : 1024;
			entries = keep(realloc(entries, room * sizeof(*entries)));
		}
		entries[count++] = i;
	}
}

SITE static void use_cache(void)
{
	static void *values[64];
	void **value = &values[number % 64];

	if (!*value)
		*value = malloc(100);
}

SITE static void use_singleton(void)
{
	static void *singleton;

	if (number == 25)
		singleton = keep(malloc(5000));
	keep(singleton);
}

SITE static void use_pool(void)
{
	static void *blocks[50];
	static unsigned count;

	if (number < 100 && count < 50)
		blocks[count++] = malloc(200);
	else if (number >= 100 && count)
		free(blocks[--count]);
}

SITE static void use_window(void)
{
	static void *results[5];

	free(results[number % 5]);
	results[number % 5] = malloc(64);
}

SITE static void inner(void)
{
	lose(16);
}

SITE static void session(void)
{
	free(keep(malloc(1000)));
	if (is("sixteen") || (is("late") && number >= 30))
		lose(16);
	else if (is("fd"))
		leak_fd();
	else if (is("mapping"))
		leak_mapping();
	else if (is("tenth") && number % 10 == 0)
		leak_thread();
	else if (is("buffer"))
		fill_buffer();
	else if (is("cache"))
		use_cache();
	else if (is("lazy"))
		use_singleton();
	else if (is("pool"))
		use_pool();
	else if (is("window"))
		use_window();
	else if (is("random") && rand() % 3 == 0)
		lose(16);
	if (is("nested")) {
		inner();
		lose(8);
	}
	if (is("throws")) {
		lose(16);
		longjmp(out, 1);
	}
}

SITE static void turn(void)
{
	LEAKTRACE_BEGIN("session");
	if (!setjmp(out))
		session();
	LEAKTRACE_END();
	if (is("outside"))
		lose(16);
}

int main(int argc, char **argv)
{
	unsigned sessions = argc > 2 ? (unsigned)atoi(argv[2]) : 200;

	REQUIRE(argc > 1);
	what = argv[1];
	for (number = 0; number < sessions; number++)
		turn();
	/* So that the last threads have ended. */
	if (is("tenth"))
		sleep_ms(50);
	return 0;
}
