/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pool of interned strings, and what is asked of one. */
#ifndef LEAKTRACE_UTIL_STRINGS_H
#define LEAKTRACE_UTIL_STRINGS_H

#include <stdbool.h>

struct strings;

struct strings *strings_new(void);
void strings_free(struct strings *strings);
/* Returns the pool's copy of `text`, the same pointer for equal strings; NULL for NULL or when out
 * of memory. */
const char *strings_intern(struct strings *strings, const char *text);

/* True for ASCII from blank to tilde alone, which drives no terminal. */
bool text_is_printable(const char *text);

#endif
