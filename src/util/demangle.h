/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LEAKTRACE_UTIL_DEMANGLE_H
#define LEAKTRACE_UTIL_DEMANGLE_H

#include <stdbool.h>

/* True for names of the Itanium C++ ABI and of Rust's. */
bool symbol_is_mangled(const char *name);

/* Returns what the user wrote (C++, Rust), to be freed; NULL when `name` is not mangled. */
char *symbol_demangle(const char *name);

#endif
