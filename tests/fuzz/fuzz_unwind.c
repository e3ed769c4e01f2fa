/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an ELF file: its unwind table is well formed, or there is none. */
#include <stdio.h>

#include "fuzz.h"
#include "unwind_check.h"

#include "elf/elf_file.h"
#include "unwind/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct wire_rule storage[WIRE_RULES];
	struct unwind_table *table = NULL;
	struct unwind_rules *rules;
	struct elf_file *file;
	const char *wrong = NULL;

	if (elf_file_open_image(bytes, size, &file))
		return 0;
	rules = unwind_rules_new(storage);
	if (rules && !unwind_table_build(file, rules, &table))
		wrong = unwind_check(table, unwind_rules_count(rules));
	if (wrong) {
		fprintf(stderr, "malformed table: %s\n", wrong);
		abort();
	}
	unwind_table_free(table);
	unwind_rules_free(rules);
	elf_file_close(file);
	return 0;
}
