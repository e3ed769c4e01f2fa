/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of options, private to options.c and options_table.c: one row each. */
#ifndef LEAKTRACE_OPTIONS_TABLE_H
#define LEAKTRACE_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_row;

/* A form of value; `field` is the row's place in struct options. */
struct option_form {
	int (*set)(const struct option_row *row, const char *text, void *field);
	const char *wanted; /* for messages; NULL: the row's words */
};

struct option_row {
	const char *name;
	int key; /* the short option, 0: none */
	const char *argument;
	const char *text;
	unsigned int modes; /* where the option has a meaning */
	const struct option_form *form;
	size_t offset;
	uint64_t min; /* of numbers; max 0: no limit */
	uint64_t max;
	const char *const *words;
	bool hidden;
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

#endif
