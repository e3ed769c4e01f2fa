/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocator calls whose counting is a convention: the one named by the argument. What
 * is right is what Valgrind counts.
 */
#include <malloc.h>
#include <stdint.h>

#include "program.h"

/* No program gets this much, and no compiler sees that. */
static volatile size_t too_much = SIZE_MAX / 4;

static void resize_null(void)
{
	keep(realloc(NULL, 10));
	keep(realloc(NULL, 0));
}

static void resize_zero(void)
{
	void *block = realloc(malloc(10), 0);

	REQUIRE(block == NULL);
}

static void resize_overflows(void)
{
	void *block = keep(malloc(10));

	REQUIRE(realloc(block, SIZE_MAX - 4096) == NULL);
	REQUIRE(reallocarray(block, too_much, 8) == NULL);
}

static void resize_refused(void)
{
	REQUIRE(realloc(keep(malloc(10)), too_much) == NULL);
}

static void resize_steps(void)
{
	void *block = malloc(10);

	for (size_t i = 0; i < 1000; i++)
		block = realloc(block, i * 10 + 1);
	keep(block);
}

/* Around the size from which malloc asks the kernel for a mapping of its own. */
static void resize_mapping(void)
{
	void *block = malloc(300000);

	block = realloc(block, 600000);
	block = realloc(block, 100000);
	keep(realloc(block, 100));
}

static void resize_array(void)
{
	void *block = reallocarray(malloc(10), 3, 10);

	keep(reallocarray(NULL, 4, 25));
	block = reallocarray(block, 0, 10);
	REQUIRE(block == NULL);
}

static void resize_aligned(void)
{
	keep(realloc(memalign(4096, 100), 10000));
}

static void aligned(void)
{
	void *block = NULL;

	keep(memalign(64, 100));
	keep(memalign(3, 100));
	keep(aligned_alloc(64, 128));
	keep(valloc(100));
	REQUIRE(posix_memalign(&block, 4096, 5000) == 0);
	keep(block);
	REQUIRE(posix_memalign(&block, 64, 0) == 0);
	free(block);
}

static void fails(void)
{
	void *block = NULL;

	REQUIRE(malloc(too_much) == NULL);
	REQUIRE(calloc(too_much, 8) == NULL);
	REQUIRE(memalign(64, too_much) == NULL);
	REQUIRE(posix_memalign(&block, 3, 100) != 0);
}

static void empty(void)
{
	keep(malloc(0));
	keep(calloc(0, 10));
	free(calloc(10, 0));
	free(NULL);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "resize_null", resize_null },
	{ "resize_zero", resize_zero },
	{ "resize_overflows", resize_overflows },
	{ "resize_refused", resize_refused },
	{ "resize_steps", resize_steps },
	{ "resize_mapping", resize_mapping },
	{ "resize_array", resize_array },
	{ "resize_aligned", resize_aligned },
	{ "aligned", aligned },
	{ "fails", fails },
	{ "empty", empty },
};

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (argc > 1 && strcmp(argv[1], calls[i].name) == 0) {
			calls[i].call();
			return 0;
		}
	}
	return 2;
}
