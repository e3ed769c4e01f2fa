/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loses nothing, but who reads its memory while it runs misses blocks: their only pointers move all
 * the time in a table that takes a while to read. Ends when its input does.
 */
#include "program.h"

#include <poll.h>

#define SLOTS (1U << 21)
#define BLOCKS 2000
#define MOVES_A_LOOK 10000

static void *table[SLOTS];

/* Of a generator by Marsaglia (Xorshift RNGs, 2003). */
static unsigned next_random(void)
{
	static unsigned state = 2463534242U;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

SITE static void put(unsigned slot)
{
	table[slot] = malloc(40);
	REQUIRE(table[slot]);
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned slots[BLOCKS];

	program_begin(argc, argv);
	for (unsigned i = 0; i < BLOCKS; i++)
		put(slots[i] = i * (SLOTS / BLOCKS));
	while (poll(&input, 1, 0) <= 0) {
		for (unsigned i = 0; i < MOVES_A_LOOK; i++) {
			unsigned *slot = &slots[i % BLOCKS], to = next_random() % SLOTS;

			if (table[to])
				continue;
			__atomic_store_n(&table[to], table[*slot], __ATOMIC_SEQ_CST);
			__atomic_store_n(&table[*slot], NULL, __ATOMIC_SEQ_CST);
			*slot = to;
		}
	}
	return 0;
}
