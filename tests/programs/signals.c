/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signal handlers that allocate, on the thread's stack and on an alternate one.
 * EXPECT heap acquired=30/1300 released=10/400 live=20/900
 * EXPECT site leak_handler 10/500
 * EXPECT site leak_other_stack 10/400
 * DEEP EXPECT stack main 20/900
 * VARIANT attach
 */
#include <signal.h>

#include "program.h"

static char other_stack[64 << 10];

SITE static void leak_handler(void)
{
	keep(malloc(50));
}

SITE static void leak_other_stack(void)
{
	keep(malloc(40));
}

SITE static void *start(void)
{
	return keep(malloc(40));
}

static void handle(int number)
{
	if (number == SIGUSR1)
		leak_handler();
	else
		leak_other_stack();
}

int main(int argc, char **argv)
{
	const stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };
	struct sigaction action = { .sa_handler = handle };

	program_begin(argc, argv);
	REQUIRE(sigaltstack(&stack, NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	action.sa_flags = SA_ONSTACK;
	REQUIRE(sigaction(SIGUSR2, &action, NULL) == 0);
	for (int i = 0; i < 10; i++) {
		void *block = start();

		REQUIRE(raise(SIGUSR1) == 0);
		REQUIRE(raise(SIGUSR2) == 0);
		free(block);
	}
	return 0;
}
