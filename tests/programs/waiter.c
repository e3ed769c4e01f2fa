/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lives until its standard input ends, allocating all the time; then says "whole"
 * when everything it did worked.
 */
#include <poll.h>

#include "program.h"

SITE static void *churn(size_t size)
{
	return keep(malloc(size));
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	void *last = NULL;
	char byte;

	if (argc > 1 && strcmp(argv[1], "--quiet") != 0)
		return 2;
	REQUIRE(write(STDOUT_FILENO, "ready\n", 6) == 6);
	for (size_t i = 0;; i++) {
		free(last);
		last = churn(1 + i % 1000);
		REQUIRE(last != NULL);
		memset(last, 0x5a, 1 + i % 1000);
		if (i % 64 == 0 && poll(&input, 1, 1) == 1 && read(STDIN_FILENO, &byte, 1) <= 0)
			break;
	}
	REQUIRE(write(STDOUT_FILENO, "whole\n", 6) == 6);
	return 0;
}
