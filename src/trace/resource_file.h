/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text file by which a user defines further kinds of resources. A line is a
 * statement, '#' begins a comment:
 *
 *     kind NAME [noun=WORD] [nouns=WORD] [bytes]
 *     object PATTERN...
 *     acquire FUNCTION handle=return|argN|*argN [size=argN[*argM]] [ok=WHEN]
 *     release FUNCTION handle=argN [ok=WHEN]
 *     resize FUNCTION handle=argN [size=argN[*argM]]
 *
 * WHEN, by what the function returns: nonzero (default of handle=return), zero
 * (default of the others), nonnegative, positive, notminusone, any (default of
 * release). Arguments are numbered from 1 to 5.
 */
#ifndef LEAKTRACE_TRACE_RESOURCE_FILE_H
#define LEAKTRACE_TRACE_RESOURCE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define RESOURCE_KINDS_MAX 16
#define RESOURCE_FUNCTIONS_MAX 256
/* In place of an argument's number. */
#define RESOURCE_NO_ARG 0xf

enum resource_op {
	RESOURCE_ACQUIRE,
	RESOURCE_RELEASE,
	RESOURCE_RESIZE,
};

enum resource_handle {
	HANDLE_RETURNED,
	HANDLE_ARGUMENT, /* the argument itself */
	HANDLE_STORED,	 /* through the argument */
};

/* When the function has succeeded, by what it returns. */
enum resource_when {
	RESOURCE_NONZERO,
	RESOURCE_ZERO,
	RESOURCE_NONNEGATIVE,
	RESOURCE_POSITIVE,
	RESOURCE_NOT_MINUS_ONE,
	RESOURCE_ANY,
};

struct resource_kind {
	char *name;
	char *noun;
	char *nouns;
	bool has_bytes;
	char **objects; /* patterns of file names (fnmatch); none: any file */
	size_t object_count;
};

struct resource_function {
	char *name;
	size_t kind;
	enum resource_op op;
	enum resource_handle handle;
	unsigned handle_arg; /* arguments from 0 */
	unsigned size_arg;
	unsigned count_arg; /* to multiply the size by */
	enum resource_when when;
};

struct resource_kinds {
	struct resource_kind *kinds;
	size_t count;
	struct resource_function *functions;
	size_t function_count;
};

/* Where a file is wrong and why; line 0: the file as a whole. */
struct resource_error {
	unsigned line;
	unsigned column;
	char text[200];
};

/*
 * Adds a file's kinds. Returns 0, -EINVAL with `error` set when the file is wrong or
 * can't be read, or -ENOMEM, `error` set as well.
 */
int resource_file_read(const char *path, struct resource_kinds *kinds,
		       struct resource_error *error);
/* The same of a text, `length` bytes and a NUL after them, which is written to. */
int resource_text_read(char *text, size_t length, struct resource_kinds *kinds,
		       struct resource_error *error);
/* Frees what the struct holds. */
void resource_kinds_clear(struct resource_kinds *kinds);

#endif
