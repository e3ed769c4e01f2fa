/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that cannot be met count nothing: a huge size, products that overflow.
 * EXPECT heap acquired=2/240 released=0/0 live=2/240
 * EXPECT site leak_array 1/80
 * EXPECT site leak_zeroed 1/160
 * VARIANT attach
 * VARIANT flavour=musl
 */
#include "program.h"

SITE static void *leak_array(size_t count, size_t size)
{
	return keep(reallocarray(NULL, count, size));
}

SITE static void *leak_zeroed(size_t count, size_t size)
{
	return keep(calloc(count, size));
}

SITE static void *refused(size_t size)
{
	return keep(malloc(size));
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	REQUIRE(refused((size_t)PTRDIFF_MAX + 1) == NULL);
	REQUIRE(refused(SIZE_MAX) == NULL);
	REQUIRE(leak_zeroed(SIZE_MAX / 2, 3) == NULL);
	REQUIRE(leak_zeroed(SIZE_MAX / 2 + 1, 2) == NULL);
	REQUIRE(leak_array(SIZE_MAX / 2, 3) == NULL);
	REQUIRE(leak_array(10, 8) != NULL);
	REQUIRE(leak_zeroed(10, 16) != NULL);
	return 0;
}
