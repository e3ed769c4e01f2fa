/* SPDX-License-Identifier: MIT */
/*
 * The marks of leaktrace/mark.h as functions, for whoever cannot include a C header: Python's
 * ctypes, Node's FFI, Zig, Rust. Needs nothing, not even a C library.
 */
#include "leaktrace/mark.h"

void leaktrace_begin(const char *name);
void leaktrace_end(void);
void leaktrace_mark(const char *name);

void leaktrace_begin(const char *name)
{
	LEAKTRACE_BEGIN(name);
}

void leaktrace_end(void)
{
	LEAKTRACE_END();
}

void leaktrace_mark(const char *name)
{
	LEAKTRACE_MARK(name);
}
