/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What DWARF says of an address: the function, the calls inlined there, the source lines. */
#ifndef LEAKTRACE_SYMBOLS_DEBUG_INFO_H
#define LEAKTRACE_SYMBOLS_DEBUG_INFO_H

#include <stddef.h>
#include <stdint.h>

struct debug_info;
struct debug_places;
struct elf_file;

/* A function at an address, and the line in it. */
struct call {
	const char *function;  /* linkage name or else plain name, NULL: unknown */
	const char *directory; /* to be put before `file`, NULL: `file` is a full path */
	const char *file;      /* NULL: unknown */
	uint32_t line;
};

/* Innermost first; the last one is the function that the others are inlined into. */
struct calls {
	struct call *calls;
	size_t count;
	uint64_t start; /* of the last one's function, if that is known */
};

/*
 * Opens the debugging information of `file`, its own or a separate file's.
 * Without any, all look-ups find nothing. `file` must outlive it. Returns 0 or
 * -ENOMEM.
 */
int debug_info_new(struct elf_file *file, const struct debug_places *places,
		   struct debug_info **info);
/* Takes NULL. */
void debug_info_free(struct debug_info *info);

/* The separate debug file, NULL when there is none. */
struct elf_file *debug_info_file(const struct debug_info *info);

/*
 * Fills `calls` (to be freed by calls_clear) with what is at `address`, none
 * when nothing is known. Strings belong to `info`. Returns 0 or -ENOMEM.
 */
int debug_info_find(struct debug_info *info, uint64_t address, struct calls *calls);
void calls_clear(struct calls *calls);

#endif
