/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: an allocator on top of libc's that puts a header before each block,
 * so the address and size of the outer call are not those of the inner one.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

#define HEADER_BYTES 16

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void *outer(char *block)
{
	__asm__ volatile("" : "+r"(block));
	return block ? block + HEADER_BYTES : NULL;
}

void *malloc(size_t size)
{
	static void *(*inner)(size_t);

	if (!inner)
		inner = (void *(*)(size_t))next("malloc");
	return size > SIZE_MAX - HEADER_BYTES ? NULL : outer(inner(size + HEADER_BYTES));
}

void *calloc(size_t count, size_t size)
{
	static void *(*inner)(size_t, size_t);
	size_t bytes;

	if (!inner)
		inner = (void *(*)(size_t, size_t))next("calloc");
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - HEADER_BYTES)
		return NULL;
	return outer(inner(1, bytes + HEADER_BYTES));
}

void *realloc(void *block, size_t size)
{
	static void *(*inner)(void *, size_t);

	if (!inner)
		inner = (void *(*)(void *, size_t))next("realloc");
	if (size > SIZE_MAX - HEADER_BYTES)
		return NULL;
	return outer(inner(block ? (char *)block - HEADER_BYTES : NULL, size + HEADER_BYTES));
}

void free(void *block)
{
	static void (*inner)(void *);

	if (!inner)
		inner = (void (*)(void *))next("free");
	inner(block ? (char *)block - HEADER_BYTES : NULL);
	__asm__ volatile("" : : : "memory");
}
