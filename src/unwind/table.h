/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a file's call frame information (.eh_frame, .debug_frame) to the compact
 * table that the BPF programs search (layout: wire.h). Knows ELF and DWARF; knows
 * no process and no BPF. The file may be hostile: whatever it says, the table is
 * well formed and of bounded size, and what it does not say clearly is a rule that
 * ends the stack.
 */
#ifndef LEAKTRACE_UNWIND_TABLE_H
#define LEAKTRACE_UNWIND_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct elf_file;
struct unwind_rules;

/*
 * Rules by number, each once; `storage` of WIRE_RULES is the caller's (the BPF map)
 * and gets a rule before its number is given out. Numbers 0 to 2 are those of
 * WIRE_CFA_NO_RULE, WIRE_CFA_UNSUPPORTED and WIRE_CFA_OUTERMOST. Returns NULL when
 * out of memory.
 */
struct unwind_rules *unwind_rules_new(struct wire_rule *storage);
/* Takes NULL. */
void unwind_rules_free(struct unwind_rules *rules);
/* Returns the number of a rule; that of WIRE_CFA_UNSUPPORTED when there are WIRE_RULES already. */
uint16_t unwind_rules_intern(struct unwind_rules *rules, const struct wire_rule *rule);
size_t unwind_rules_count(const struct unwind_rules *rules);

struct unwind_table {
	uint64_t text_start; /* virtual address of the first granule, a multiple of 256 */
	uint32_t granules;
	uint32_t row_count;
	uint32_t *words; /* granules + 1 numbers of rows, then the rows */
	size_t word_count;
};

/*
 * Returns 0; -ENODATA when the file has no such information (then code follows
 * frame pointers), -ENOMEM, or -E2BIG when it claims more text or rows than any
 * program has.
 */
int unwind_table_build(struct elf_file *file, struct unwind_rules *rules,
		       struct unwind_table **table);
/* Takes NULL. */
void unwind_table_free(struct unwind_table *table);

/* The rule for an address, as the BPF programs find it: for tests. */
const struct wire_rule *unwind_table_find(const struct unwind_table *table,
					  const struct wire_rule *storage, uint64_t address);

#endif
