/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second allocator with the usual names and more, loaded late beside libc's.
 * EXPECT site leak_malloc 10/480
 * EXPECT site leak_extended 5/500
 * EXPECT site leak_libc 1/64
 * ENV GLIBC_TUNABLES=glibc.rtld.optional_static_tls=65536
 * EXPECT site @ld-linux any
 * EXPECT site @libstdc++ any
 */
#include <dlfcn.h>

#include "program.h"

static void *(*other_malloc)(size_t size);
static void (*other_free)(void *block);
static void *(*other_mallocx)(size_t size, int flags);
static void (*other_dallocx)(void *block, int flags);

SITE static void *leak_malloc(void)
{
	return keep(other_malloc(48));
}

SITE static void *leak_extended(void)
{
	return keep(other_mallocx(100, 0));
}

SITE static void leak_libc(void)
{
	keep(malloc(64));
}

SITE static void load(void)
{
	void *library = dlopen("libjemalloc.so.2", RTLD_NOW | RTLD_LOCAL);

	REQUIRE(library != NULL);
	other_malloc = (void *(*)(size_t))dlsym(library, "malloc");
	other_free = (void (*)(void *))dlsym(library, "free");
	other_mallocx = (void *(*)(size_t, int))dlsym(library, "mallocx");
	other_dallocx = (void (*)(void *, int))dlsym(library, "dallocx");
	REQUIRE(other_malloc && other_free && other_mallocx && other_dallocx);
}

int main(void)
{
	load();
	for (int i = 0; i < 10; i++)
		leak_malloc();
	for (int i = 0; i < 10; i++)
		other_free(leak_malloc());
	for (int i = 0; i < 5; i++)
		leak_extended();
	for (int i = 0; i < 5; i++)
		other_dallocx(leak_extended(), 0);
	leak_libc();
	return 0;
}
