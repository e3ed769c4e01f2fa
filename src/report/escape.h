/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that came from a target, made safe to print. A byte that may not be
 * shown becomes \xNN.
 */
#ifndef LEAKTRACE_REPORT_ESCAPE_H
#define LEAKTRACE_REPORT_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes `text` for a terminal: control characters, invalid UTF-8, and what
 * turns the direction of writing are escaped. NULL reads "?". Returns the
 * columns taken, wide characters counted as one. With `stream` NULL it only
 * measures.
 */
size_t escape_write(FILE *stream, const char *text);

/* Returns `text` with invalid UTF-8 escaped, to be freed; NULL when out of memory. */
char *escape_utf8(const char *text);

/* What escape_write() writes, to be freed; NULL when out of memory. */
char *escape_printable(const char *text);

#endif
