/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions: thrown past frames that allocate, and out of operator new itself by
 * a handler or for want of memory. The program must not notice that it is traced.
 * EXPECT site leak_catch 30/1200
 * EXPECT site @libstdc++ any
 * EXPECT loss calls_abandoned>=0
 * VARIANT attach
 * VARIANT flavour=static-cxx
 */
#include <new>

#include "program.h"

static int handled;

SITE static void leak_catch()
{
	keep(malloc(40));
}

SITE static void throwing(int depth)
{
	if (depth > 0)
		throwing(depth - 1);
	else
		throw 7;
	keep(nullptr);
}

static void refuse()
{
	handled++;
	throw std::bad_alloc();
}

SITE static void out_of_memory(std::size_t bytes)
{
	try {
		keep(::operator new(bytes));
	} catch (const std::bad_alloc &) {
		leak_catch();
	}
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	for (int i = 0; i < 10; i++) {
		try {
			throwing(10);
		} catch (int number) {
			REQUIRE(number == 7);
			leak_catch();
		}
	}
	for (int i = 0; i < 10; i++)
		out_of_memory(PTRDIFF_MAX);
	std::set_new_handler(refuse);
	for (int i = 0; i < 10; i++)
		out_of_memory(PTRDIFF_MAX);
	REQUIRE(handled == 10);
	return 0;
}
