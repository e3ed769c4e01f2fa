/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: malloc and realloc that leave by longjmp when asked for one size.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stddef.h>

#define ESCAPING_BYTES 4242

jmp_buf *malloc_escape;

void *malloc(size_t size)
{
	static void *(*next)(size_t);
	void *block;

	if (!next)
		next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	if (size == ESCAPING_BYTES && malloc_escape)
		longjmp(*malloc_escape, 1);
	block = next(size);
	__asm__ volatile("" : "+r"(block));
	return block;
}

void *realloc(void *old, size_t size)
{
	static void *(*next)(void *, size_t);
	void *block;

	if (!next)
		next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	if (size == ESCAPING_BYTES && malloc_escape)
		longjmp(*malloc_escape, 1);
	block = next(old, size);
	__asm__ volatile("" : "+r"(block));
	return block;
}
