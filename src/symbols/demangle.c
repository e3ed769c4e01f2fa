/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the choice of demangler and its options. */
#include "symbols/demangle.h"

#include <string.h>

#include <libiberty/demangle.h>

bool symbol_is_mangled(const char *name)
{
	return !strncmp(name, "_Z", 2) || !strncmp(name, "_R", 2);
}

char *symbol_demangle(const char *name)
{
	/* Automatic style: Rust's own schemes first, since its old one looks like C++. */
	return symbol_is_mangled(name) ? cplus_demangle(name, DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI)
				       : NULL;
}
