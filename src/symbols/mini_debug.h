/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small symbol table that some distributions leave inside a stripped file. */
#ifndef LEAKTRACE_SYMBOLS_MINI_DEBUG_H
#define LEAKTRACE_SYMBOLS_MINI_DEBUG_H

struct elf_file;

/*
 * The ELF file in the section .gnu_debugdata, compressed by xz: GDB's manual,
 * "MiniDebugInfo". Returns an opened file, or NULL when there is none, it is
 * damaged, or it is larger than such a file ever is.
 */
struct elf_file *mini_debug_open(struct elf_file *file);

#endif
