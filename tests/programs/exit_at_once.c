/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many threads end at the same moment, with their process; 60 descriptors are open. */
#include "program.h"

#include <fcntl.h>
#include <pthread.h>

#define THREADS 16
#define FILES 60

static void *run_on(void *argument)
{
	volatile unsigned long turns = 0;

	for (;;)
		turns++;
	return argument;
}

SITE static void open_files(void)
{
	for (int i = 0; i < FILES; i++)
		REQUIRE(open("/dev/null", O_RDONLY) >= 0);
}

int main(void)
{
	pthread_t thread;

	open_files();
	for (int i = 0; i < THREADS; i++)
		REQUIRE(!pthread_create(&thread, NULL, run_on, NULL));
	sleep_ms(20);
	return 0;
}
