/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every hazard program needs: call sites that stay frames of their own, a
 * sink the compiler cannot look through, and a start that an attaching tracer can
 * wait for. Nothing here allocates.
 *
 * The head of a program says what tracing it must give; tests/e2e/harness.py
 * describes the rows and reads them.
 */
#ifndef LEAKTRACE_TESTS_PROGRAM_H
#define LEAKTRACE_TESTS_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SITE __attribute__((noinline, noclone))

static inline void *keep(void *pointer)
{
	__asm__ volatile("" : "+r"(pointer) : : "memory");
	return pointer;
}

static inline void complain(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(98);
}

/* A program that did not do what its head says must not pass. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			complain("not so: " #condition "\n");                                      \
			_exit(99);                                                                 \
		}                                                                                  \
	} while (0)

static inline void sleep_ms(long ms)
{
	struct timespec rest = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&rest, &rest))
		;
}

/* With --wait as the last argument: says "ready" and begins when a byte comes. */
static inline void program_begin(int argc, char **argv)
{
	char byte;

	if (argc < 2 || strcmp(argv[argc - 1], "--wait") != 0)
		return;
	REQUIRE(write(STDOUT_FILENO, "ready\n", 6) == 6);
	REQUIRE(read(STDIN_FILENO, &byte, 1) == 1);
}

#endif
