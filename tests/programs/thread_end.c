/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A destructor of thread-specific data allocates and frees when its thread ends.
 * EXPECT heap acquired=3/150 released=2/90 live=1/60
 * EXPECT site leak_destructor 1/60
 * EXPECT site @ld-linux 1/any
 * EXPECT loss releases_unmatched>=0
 * VARIANT attach
 */
#include <pthread.h>

#include "program.h"

static pthread_key_t key;

SITE static void *start(void)
{
	return keep(malloc(50));
}

SITE static void leak_destructor(void)
{
	keep(malloc(60));
}

static void destroy(void *block)
{
	free(block);
	free(keep(malloc(40)));
	leak_destructor();
}

static void *body(void *unused)
{
	REQUIRE(pthread_setspecific(key, start()) == 0);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	program_begin(argc, argv);
	REQUIRE(pthread_key_create(&key, destroy) == 0);
	REQUIRE(pthread_create(&thread, NULL, body, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	return 0;
}
