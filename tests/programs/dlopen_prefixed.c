/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library loaded late that brings an allocator under prefixed names.
 * RUN --alloc-prefix je_
 * EXPECT site leak_prefixed 10/480
 * EXPECT site resize 1/2000
 * EXPECT site leak_libc 1/64
 * EXPECT site @ld-linux any
 */
#include <dlfcn.h>

#include "program.h"

static void *(*je_malloc)(size_t size);
static void *(*je_realloc)(void *block, size_t size);
static void (*je_free)(void *block);

SITE static void *leak_prefixed(void)
{
	return keep(je_malloc(48));
}

SITE static void *resize(void *block)
{
	return keep(je_realloc(block, 2000));
}

SITE static void leak_libc(void)
{
	keep(malloc(64));
}

SITE static void load(void)
{
	void *library = dlopen("libprefixed.so", RTLD_NOW | RTLD_LOCAL);

	REQUIRE(library != NULL);
	je_malloc = (void *(*)(size_t))dlsym(library, "je_malloc");
	je_realloc = (void *(*)(void *, size_t))dlsym(library, "je_realloc");
	je_free = (void (*)(void *))dlsym(library, "je_free");
	REQUIRE(je_malloc && je_realloc && je_free);
}

int main(void)
{
	load();
	for (int i = 0; i < 10; i++)
		leak_prefixed();
	for (int i = 0; i < 10; i++)
		je_free(leak_prefixed());
	resize(leak_prefixed());
	leak_libc();
	return 0;
}
