/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an ELF file: what it says of itself, its symbols, the file that may be in it. */
#include "fuzz.h"

#include "elf/elf_file.h"
#include "symbols/symbol_table.h"

static int read_needed(const char *soname, void *context)
{
	(void)context;
	fuzz_read(soname);
	return 0;
}

static void read_code(struct elf_file *file, uint64_t address)
{
	uint64_t start, size, sum = 0;
	const uint8_t *code = elf_file_code(file, address, &start, &size);

	if (!code)
		return;
	if (address - start >= size)
		abort();
	for (uint64_t i = 0; i < size; i++)
		sum += code[i];
	/* The compiler may not leave the reading out. */
	__asm__ volatile("" ::"r"(sum));
}

static int read_symbol(const struct elf_symbol *symbol, void *context)
{
	struct symbol_table *table = context;
	struct function_symbol found;

	fuzz_read(symbol->name);
	if (symbol_table_find(table, symbol->address, &found)) {
		fuzz_read(found.name);
		if (found.start > symbol->address)
			abort();
	}
	return 0;
}

static void read_sections(struct elf_file *file)
{
	static const char *const names[] = { ".text", ".gnu_debugdata", ".note.stapsdt", "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t size = 0;
		const void *section = elf_file_section(file, names[i], &size);
		void *copy = section ? malloc(size + 1) : NULL;

		if (copy)
			memcpy(copy, section, size);
		free(copy);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct symbol_table *table;
	struct elf_file *file;

	if (elf_file_open_image(bytes, size, &file))
		return 0;
	fuzz_read(elf_file_build_id(file));
	fuzz_read(elf_file_interpreter(file));
	fuzz_read(elf_file_runpath(file));
	elf_file_is_dynamic(file);
	elf_file_is_go(file);
	elf_file_each_needed(file, read_needed, NULL);
	read_sections(file);
	for (uint64_t offset = 0; offset < size; offset += 512)
		read_code(file, elf_file_address_of(file, offset));
	if (!symbol_table_new(file, NULL, &table)) {
		elf_file_each_symbol(file, read_symbol, table);
		symbol_table_free(table);
	}
	elf_file_close(file);
	return 0;
}
