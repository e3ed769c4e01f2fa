/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the separate files that hold a stripped file's debugging information. */
#ifndef LEAKTRACE_SYMBOLS_DEBUG_FILE_H
#define LEAKTRACE_SYMBOLS_DEBUG_FILE_H

#include <elfutils/libdw.h>
#include <limits.h>

struct debug_server;
struct elf_file;

/* Where to look. */
struct debug_places {
	const char *root;	     /* "/usr/lib/debug" */
	const char *path;	     /* the file as its process sees it */
	const char *process_root;    /* to be put before `path` */
	struct debug_server *server; /* asked when there is none here, NULL: nobody */
};

/*
 * The debug file of `file`: by build-id below the root, then by .gnu_debuglink
 * (its CRC checked) beside the file, in .debug there, and below the root; then
 * by build-id from the server.
 * Places and checks are those of GDB's manual, "Separate Debug Files". Returns
 * an opened file and its path, or NULL.
 */
struct elf_file *debug_file_find(struct elf_file *file, const struct debug_places *places,
				 char path[PATH_MAX]);

/*
 * The file that `dwarf` shares entries with by .gnu_debugaltlink (made by dwz):
 * by build-id below the root, then by its name, relative to `dwarf_path`'s
 * folder, then from the server. Returns an opened file or NULL.
 */
struct elf_file *debug_file_find_alt(Dwarf *dwarf, const char *dwarf_path,
				     const struct debug_places *places);

#endif
