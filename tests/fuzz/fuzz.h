/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fuzz targets have in common. */
#ifndef LEAKTRACE_TESTS_FUZZ_H
#define LEAKTRACE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The bytes with a NUL behind them, to be freed. */
static inline char *fuzz_copy(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);

	if (size)
		memcpy(text, bytes, size);
	text[size] = '\0';
	return text;
}

/* Reads a text to its end, which the sanitizers watch; NULL is none. */
static inline void fuzz_read(const char *text)
{
	if (text && strlen(text) > SIZE_MAX / 2)
		abort();
}

#endif
