/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the names of allocator functions, which stand between a call site and the
 * block it asked for. Knows names alone: not where probes sit, not which
 * allocator a process has.
 */
#include "analyze/findings.h"

#include <string.h>

#include "model/snapshot.h"

/*
 * Any of `prefixes` before any of `functions`. strdup and friends are not here:
 * they are what a user called.
 */
static const char *const prefixes[] = {
	"", "__libc_", "__GI___libc_", "__GI_", "je_", "_rjem_", "mi_", "tc_", "rp",
};

static const char *const functions[] = {
	"malloc",	 "calloc",	   "realloc", "reallocarray", "reallocf", "memalign",
	"aligned_alloc", "posix_memalign", "valloc",  "pvalloc",      "mallocx",  "rallocx",
};

/* Whole names that have no family. */
static const char *const names[] = {
	"sysmalloc",
	"sysmalloc_mmap",
	"_int_malloc",
	"_int_free",
	"new_heap",
	"alloc_new_heap",
	"grow_heap",
	"arena_get2",
	"tcache_init",
	"ptmalloc_init",
	"_int_realloc",
	"_int_memalign",
	"_mid_memalign",
	"mi_zalloc",
	"mi_malloc_aligned",
	"mi_zalloc_aligned",
	"mi_realloc_aligned",
	"mi_new",
	"mi_new_aligned",
	"mi_new_nothrow",
	"mi_new_aligned_nothrow",
	"tc_new",
	"tc_newarray",
	"tc_new_nothrow",
	"tc_newarray_nothrow",
	"__rust_alloc",
	"__rust_alloc_zeroed",
	"__rust_realloc",
	"__rdl_alloc",
	"__rdl_alloc_zeroed",
	"__rdl_realloc",
	"__rg_alloc",
	"__rg_alloc_zeroed",
	"__rg_realloc",
	"alloc::alloc::alloc",
	"alloc::alloc::alloc_zeroed",
	"alloc::alloc::realloc",
	"alloc::alloc::exchange_malloc",
	"<std::alloc::System as core::alloc::global::GlobalAlloc>::alloc",
	"<std::alloc::System as core::alloc::global::GlobalAlloc>::alloc_zeroed",
	"<std::alloc::System as core::alloc::global::GlobalAlloc>::realloc",
	"<alloc::alloc::Global as core::alloc::Allocator>::allocate",
	"<alloc::alloc::Global as core::alloc::Allocator>::allocate_zeroed",
	"<alloc::alloc::Global as core::alloc::Allocator>::grow",
};

/* Beginnings: the operators in all their forms (size, alignment, nothrow), demangled and not. */
static const char *const beginnings[] = {
	"operator new(",
	"operator new[](",
	"_Znwm",
	"_Znam",
	"__rustc::__rust_alloc",
	"__rustc::__rust_realloc",
	"__rustc::__rdl_alloc",
	"__rustc::__rdl_realloc",
	"alloc::alloc::Global::alloc_impl",
	"alloc::alloc::Global::grow_impl",
	"std::sys::alloc::",
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool in_table(const char *name, const char *const *table, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, table[i]) == 0)
			return true;
	return false;
}

bool frame_is_allocator(const struct frame *frame)
{
	const char *name = frame->function;

	if (!name)
		return false;
	for (size_t i = 0; i < COUNT(beginnings); i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], length) == 0 &&
		    in_table(name + length, functions, COUNT(functions)))
			return true;
	}
	return in_table(name, names, COUNT(names));
}
