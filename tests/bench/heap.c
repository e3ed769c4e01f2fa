/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A large heap, to be looked into:
 *
 *     heap BLOCKS BYTES POINTERS
 *
 * blocks of sizes around BYTES, so many pointers from each to others, most of them near.
 * Every thousandth is lost.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 1000

void ***blocks;

static uint64_t state = 88172645463325252;

/* Marsaglia's xorshift */
static uint64_t random_number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 0) : 800;
	size_t pointers = argc > 3 ? strtoul(argv[3], NULL, 0) : 4;

	blocks = calloc(count, sizeof(*blocks));
	for (size_t i = 0; i < count; i++) {
		size_t size = bytes / 2 + random_number() % bytes;

		blocks[i] = malloc(size);
		if (!blocks[i])
			return 1;
		/* As text or numbers may look: never an address. */
		memset(blocks[i], 'x', size);
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < pointers; k++) {
			size_t to = i + random_number() % (2 * NEAR) - NEAR;

			if (random_number() % 8 == 0)
				to = random_number();
			blocks[i][random_number() % (bytes / 16)] = blocks[to % count];
		}
	}
	for (size_t i = 0; i < count; i += 1000)
		blocks[i] = NULL;
	return 0;
}
