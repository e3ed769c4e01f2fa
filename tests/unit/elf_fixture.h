/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of one's own in which tests compile what they read. */
#ifndef LEAKTRACE_TESTS_ELF_FIXTURE_H
#define LEAKTRACE_TESTS_ELF_FIXTURE_H

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

struct fixture {
	char folder[64];
};

static inline int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	strcpy(fixture->folder, "/tmp/leaktrace-unit-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	*state = fixture;
	return 0;
}

/* Runs a shell command in the folder; it must succeed. */
__attribute__((format(printf, 2, 3))) static inline void fixture_run(const struct fixture *fixture,
								     const char *format, ...)
{
	char command[4096], line[8192];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	snprintf(line, sizeof(line), "cd %s && %s", fixture->folder, command);
	if (system(line) != 0)
		fail_msg("command failed: %s", line);
}

static inline int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	fixture_run(fixture, "rm -rf %s", fixture->folder);
	free(fixture);
	return 0;
}

/* Path of a file of the folder; the next call but three overwrites it. */
static inline const char *fixture_path(const struct fixture *fixture, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned int next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", fixture->folder, name);
	return path;
}

static inline void fixture_write(const struct fixture *fixture, const char *name, const void *bytes,
				 size_t size)
{
	FILE *stream = fopen(fixture_path(fixture, name), "w");

	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, size, stream), size);
	assert_int_equal(fclose(stream), 0);
}

static inline void fixture_text(const struct fixture *fixture, const char *name, const char *text)
{
	fixture_write(fixture, name, text, strlen(text));
}

/* The file's bytes, to be freed. */
static inline uint8_t *fixture_read(const struct fixture *fixture, const char *name, size_t *size)
{
	FILE *stream = fopen(fixture_path(fixture, name), "r");
	uint8_t *bytes;
	long length;

	assert_non_null(stream);
	assert_int_equal(fseek(stream, 0, SEEK_END), 0);
	length = ftell(stream);
	assert_true(length > 0);
	rewind(stream);
	bytes = malloc(length);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, length, stream), length);
	fclose(stream);
	*size = length;
	return bytes;
}

#endif
