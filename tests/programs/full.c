/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * full leak|clean: 1,024 call paths to one function, which acquires three blocks of 100 bytes and
 * releases one; 600 descriptors. With "clean" all is released in the end, before main() returns.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "program.h"

#define PATH_BITS 10
#define PATHS (1 << PATH_BITS)
#define KEPT 2
#define BYTES 100
#define FILES 600

/* Not as pointers: what is kept is lost. */
static uintptr_t kept[PATHS][KEPT];
static int files[FILES];

SITE static void acquire(int path)
{
	void *third;

	for (int i = 0; i < KEPT; i++)
		kept[path][i] = ~(uintptr_t)keep(malloc(BYTES));
	third = keep(malloc(BYTES));
	REQUIRE(third != NULL);
	free(third);
}

static void go_left(int path, int bits);
static void go_right(int path, int bits);

SITE static void go_on(int path, int bits)
{
	if (bits == PATH_BITS)
		acquire(path);
	else if (path >> bits & 1)
		go_left(path, bits + 1);
	else
		go_right(path, bits + 1);
}

SITE static void go_left(int path, int bits)
{
	go_on(path, bits);
}

SITE static void go_right(int path, int bits)
{
	go_on(path, bits);
}

int main(int argc, char **argv)
{
	struct rlimit limit = { FILES + 100, FILES + 100 };

	REQUIRE(argc == 2);
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	for (int i = 0; i < PATHS; i++)
		go_on(i, 0);
	for (int i = 0; i < FILES; i++)
		REQUIRE((files[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
	if (strcmp(argv[1], "clean") == 0) {
		for (int i = 0; i < PATHS; i++)
			for (int j = 0; j < KEPT; j++)
				free((void *)~kept[i][j]);
		for (int i = 0; i < FILES; i++)
			REQUIRE(close(files[i]) == 0);
	}
	REQUIRE(write(STDOUT_FILENO, "whole\n", 6) == 6);
	return 0;
}
