/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pool of interned strings. */
#ifndef LEAKTRACE_UTIL_STRINGS_H
#define LEAKTRACE_UTIL_STRINGS_H

struct strings;

struct strings *strings_new(void);
void strings_free(struct strings *strings);
/* Returns the pool's copy of `text`, the same pointer for equal strings; NULL for NULL or when out
 * of memory. */
const char *strings_intern(struct strings *strings, const char *text);

#endif
