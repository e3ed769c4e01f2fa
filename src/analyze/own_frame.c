/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the names of libraries and functions that stand between a user's code and what it holds. */
#include "analyze/own_frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "analyze/findings.h"
#include "model/snapshot.h"

/* Beginnings of file names. */
static const char *const libraries[] = {
	"libc.so",     "libc-2.",     "ld-linux",    "ld-musl", "libpthread",
	"libstdc++",   "libc++",      "libgcc_s",    "libm.so", "libdl.so",
	"libjemalloc", "libtcmalloc", "libmimalloc", "libstd-", "[vdso]",
};

/* Beginnings of function names: templates of libraries become part of the user's file. */
static const char *const functions[] = {
	"std::",  "__gnu_cxx::", "void std::",	  "<std::",	 "alloc::",	 "<alloc::",
	"core::", "<core::",	 "<&T as core::", "hashbrown::", "__cxxabiv1::",
};

/* What calls a thread's first function. */
static const char *const starters[] = {
	"_start",
	"__libc_start_main",
	"__libc_start_call_main",
	"start_thread",
	"clone",
	"clone3",
	"__clone",
	"__clone3",
	"__clone_internal",
	"start",
	"__libc_start_main_impl",
	"libc_start_main_stage2",
	"start_c",
	"_start_c",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *module_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "?";
}

static bool begins_as(const char *text, const char *const *table, size_t count)
{
	for (size_t i = 0; text && i < count; i++)
		if (!strncmp(text, table[i], strlen(table[i])))
			return true;
	return false;
}

static bool is_library(const struct frame *frame)
{
	return begins_as(module_name(frame->module), libraries, COUNT(libraries)) ||
	       begins_as(frame->function, functions, COUNT(functions));
}

const struct frame *own_frame(const struct frame *frames, uint32_t count)
{
	const struct frame *first = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (frame_is_allocator(&frames[i]))
			continue;
		if (!is_library(&frames[i]))
			return &frames[i];
		if (!first)
			first = &frames[i];
	}
	return first ? first : count ? frames : NULL;
}

static bool is_starter(const struct frame *frame)
{
	for (size_t i = 0; frame->function && i < COUNT(starters); i++)
		if (!strcmp(frame->function, starters[i]))
			return true;
	return !frame->function;
}

const struct frame *thread_frame(const struct frame *frames, uint32_t count)
{
	for (uint32_t i = count; i-- > 0;)
		if (!is_starter(&frames[i]))
			return &frames[i];
	return count ? &frames[count - 1] : NULL;
}
