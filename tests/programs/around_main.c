/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks allocated before main and after it.
 * EXPECT heap acquired=6/52 released=3/31 live=3/21
 * EXPECT site leak_constructor 1/5
 * EXPECT site leak_destructor 1/7
 * EXPECT site leak_atexit 1/9
 * VARIANT flavour=static
 * VARIANT flavour=musl
 * VARIANT flavour=musl-static
 */
#include "program.h"

SITE static void freed(size_t size)
{
	free(keep(malloc(size)));
}

SITE static void leak_constructor(void)
{
	keep(malloc(5));
}

SITE static void leak_destructor(void)
{
	keep(malloc(7));
}

SITE static void leak_atexit(void)
{
	keep(malloc(9));
}

__attribute__((constructor)) static void before(void)
{
	leak_constructor();
	freed(10);
}

__attribute__((destructor)) static void after(void)
{
	leak_destructor();
	freed(11);
}

static void at_exit(void)
{
	leak_atexit();
	freed(10);
}

int main(void)
{
	REQUIRE(atexit(at_exit) == 0);
	return 0;
}
