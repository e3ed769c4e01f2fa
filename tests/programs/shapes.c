/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory over time: shapes SHAPE SECONDS, twenty steps a second, on top of 4 MB that are held.
 *
 *     leak      100 KB more a step           plateau   the same for four seconds, then no more
 *     sawtooth  up to 2 MB, and down again   step      6 MB at once, after four seconds
 *     stable    takes and gives back         warmup    12 MB in the first two seconds
 *     fds       a descriptor every half second
 */
#include "program.h"

#include <fcntl.h>
#include <stdio.h>

#define BYTES 100000
#define STEPS 20

static char *blocks[4096];
static unsigned count;

SITE static void take(size_t bytes)
{
	REQUIRE(count < 4096);
	blocks[count] = malloc(bytes);
	memset(blocks[count++], 1, bytes);
}

SITE static void drop(void)
{
	while (count > 1)
		free(blocks[--count]);
}

SITE static void leak_fd(void)
{
	REQUIRE(open("/dev/null", O_RDONLY) >= 0);
}

int main(int argc, char **argv)
{
	const char *shape = argc > 1 ? argv[1] : "leak";
	unsigned steps = (argc > 2 ? (unsigned)atoi(argv[2]) : 10) * STEPS;

	take(4000000);
	for (unsigned i = 0; i < steps; i++) {
		if (!strcmp(shape, "leak") || (!strcmp(shape, "plateau") && i < 4 * STEPS))
			take(BYTES);
		else if (!strcmp(shape, "sawtooth") && i % (STEPS * 3 / 2) < STEPS)
			take(BYTES);
		else if (!strcmp(shape, "sawtooth"))
			drop();
		else if (!strcmp(shape, "step") && i == 4 * STEPS)
			take(6000000);
		else if (!strcmp(shape, "warmup") && i < 2 * STEPS)
			take(300000);
		else if (!strcmp(shape, "fds") && i % (STEPS / 2) == 0)
			leak_fd();
		free(keep(malloc(BYTES)));
		sleep_ms(1000 / STEPS);
	}
	return 0;
}
