/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts against tests/golden; LEAKTRACE_UPDATE_GOLDEN=1 writes those files anew. */
#ifndef LEAKTRACE_TESTS_GOLDEN_H
#define LEAKTRACE_TESTS_GOLDEN_H

#include "fixture.h"

#include <errno.h>
#include <stdio.h>

static inline char *read_golden(const char *path)
{
	FILE *stream = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!stream)
		fail_msg("%s: %s (run from the top folder)", path, strerror(errno));
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, stream) > 0);
	fclose(stream);
	return text;
}

/* Frees `text`. */
static inline void check_golden(const char *name, char *text)
{
	char path[256], *golden;

	snprintf(path, sizeof(path), "tests/golden/%s", name);
	if (getenv("LEAKTRACE_UPDATE_GOLDEN")) {
		FILE *stream = fopen(path, "w");

		assert_non_null(stream);
		fputs(text, stream);
		assert_int_equal(fclose(stream), 0);
	}
	golden = read_golden(path);
	assert_string_equal(text, golden);
	free(golden);
	free(text);
}

#endif
