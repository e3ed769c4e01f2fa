/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known amounts at known call sites, for estimates (tests/e2e/test_sample.py): 20,000 blocks of 48
 * bytes by operator new, which calls malloc; 4,000 of 1,000; 60 of 300,000; 3,000 that grow from
 * 100 to 2,000 bytes. 160,000 of 64 to 512 bytes come and go.
 */
#include "program.h"

SITE static void keep_small()
{
	keep(new char[48]);
}

SITE static void keep_middle()
{
	keep(calloc(10, 100));
}

SITE static void keep_large()
{
	keep(malloc(300000));
}

SITE static void keep_grown()
{
	keep(realloc(keep(malloc(100)), 2000));
}

SITE static void come_and_go()
{
	void *blocks[8];

	for (int i = 0; i < 8; i++)
		blocks[i] = keep(malloc((size_t)(i + 1) * 64));
	for (int i = 0; i < 8; i++)
		free(blocks[i]);
}

int main()
{
	for (int i = 0; i < 20000; i++) {
		keep_small();
		if (i % 5 == 0)
			keep_middle();
		if (i % 333 == 0 && i / 333 < 60)
			keep_large();
		if (i < 3000)
			keep_grown();
		come_and_go();
	}
	return 0;
}
