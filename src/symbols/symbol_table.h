/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that a file's symbol tables name. */
#ifndef LEAKTRACE_SYMBOLS_SYMBOL_TABLE_H
#define LEAKTRACE_SYMBOLS_SYMBOL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct elf_file;
struct symbol_table;

struct function_symbol {
	const char *name; /* mangled */
	uint64_t start;
	bool global;
};

/*
 * Reads .symtab and .dynsym of `file` and of `debug`, its separate debug file
 * (NULL: none), and the symbols in `file`'s .gnu_debugdata. Both must outlive the
 * table. Returns 0 or -ENOMEM.
 */
int symbol_table_new(struct elf_file *file, struct elf_file *debug, struct symbol_table **table);
/* Takes NULL. */
void symbol_table_free(struct symbol_table *table);

/* Finds the function that holds `address`; false: none. */
bool symbol_table_find(const struct symbol_table *table, uint64_t address,
		       struct function_symbol *found);

#endif
