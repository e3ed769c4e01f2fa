/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suppressions: descriptions of leaks that are known and accepted. Two grammars are read,
 * and may stand in one file: Valgrind's (manual, 2.5 "Suppressing errors", and memcheck's
 * 4.4) and that of LeakSanitizer and its kin ("leak:", one pattern a line).
 */
#ifndef LEAKTRACE_SUPPRESS_SUPPRESS_H
#define LEAKTRACE_SUPPRESS_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

enum pattern_where {
	PATTERN_FUNCTION, /* fun: */
	PATTERN_OBJECT,	  /* obj: */
	PATTERN_SOURCE,	  /* src: */
	PATTERN_GAP,	  /* ... : any number of frames */
};

struct pattern {
	enum pattern_where where;
	char *text; /* with the wildcards * and ? */
};

struct suppression {
	char *name;
	char *kind;		  /* of resources: "heap", "fd", ...; NULL: of another tool */
	unsigned classes;	  /* bits of enum leak_class */
	bool anywhere;		  /* one pattern, for any part of any frame */
	struct pattern *patterns; /* innermost first */
	size_t pattern_count;
	const char *source; /* the file's name, NULL: built in */
	unsigned line;
};

struct suppressions {
	struct suppression *rows;
	size_t count;
	char **sources;
	size_t source_count;
};

/* Where a file is wrong, and why. */
struct suppress_error {
	unsigned line; /* from 1; 0: it is the file itself */
	unsigned column;
	char text[128];
};

/*
 * Adds what a file, or a text, has; nothing of a bad one. Returns 0, -EINVAL (see `error`), -ENOMEM
 * or what reading gave. `source` is copied; NULL: built in.
 */
int suppressions_read(struct suppressions *suppressions, const char *path,
		      struct suppress_error *error);
int suppressions_parse(struct suppressions *suppressions, const char *text, const char *source,
		       struct suppress_error *error);

/* What is asked about: resources of one kind, class and stack. */
struct suppress_query {
	const char *kind;
	enum leak_class leak_class;
	const struct frame *frames; /* innermost first */
	uint32_t frame_count;
	uint32_t first; /* those before it are the allocator's own */
};

/* The index of the first that fits, SUPPRESSION_NONE: none does. */
size_t suppressions_find(const struct suppressions *suppressions,
			 const struct suppress_query *query);
#define SUPPRESSION_NONE SIZE_MAX

/* Text with the wildcards * (anything) and ? (any character). */
bool suppress_matches(const char *pattern, const char *text);

/* What is known of the C library. */
extern const char suppressions_default[];

void suppressions_clear(struct suppressions *suppressions);

#endif
