/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the choice among symbols: which of several names an address gets. Knows
 * symbols as elf_file gives them, nothing of DWARF.
 */
#include "symbols/symbol_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf_file.h"
#include "symbols/mini_debug.h"
#include "symbols/ranges.h"
#include "util/array.h"

struct symbol_table {
	struct elf_file *file; /* whose segments say what is code */
	struct elf_file *mini; /* the file inside the file, NULL: none */
	struct function_symbol *symbols;
	size_t symbol_count;
	struct range_table sized;
	/* Labels without a size: each reaches to the next symbol, whatever that is. */
	struct range_table labels;
	int err;
};

/* Where a symbol is from: the higher is believed before the lower. */
enum source {
	SOURCE_DYNSYM,
	SOURCE_MINI,
	SOURCE_SYMTAB,
};

struct reading {
	struct symbol_table *table;
	enum source source; /* of the file's .symtab */
};

/* Of several names for one range, the one to show has the highest rank. */
static uint32_t rank_of(const struct elf_symbol *symbol, enum source source)
{
	uint32_t rank = symbol->type == STT_NOTYPE ? 0 : 1;
	size_t underscores = strspn(symbol->name, "_");

	rank = rank << 2 | (symbol->binding == STB_LOCAL ? 0 : symbol->binding == STB_WEAK ? 1 : 2);
	rank = rank << 2 | source;
	/* `malloc` rather than its alias `__libc_malloc`. */
	return rank << 2 | (underscores < 2 ? 2 - underscores : 0);
}

static int add_symbol(const struct elf_symbol *symbol, void *context)
{
	const struct reading *reading = context;
	struct symbol_table *table = reading->table;
	enum source source = symbol->dynamic ? SOURCE_DYNSYM : reading->source;
	uint64_t start, size, end;
	struct function_symbol *added;

	if (symbol->type != STT_FUNC && symbol->type != STT_GNU_IFUNC && symbol->type != STT_NOTYPE)
		return 0;
	if (!elf_file_code(table->file, symbol->address, &start, &size))
		return 0;
	added = array_add(&table->symbols, &table->symbol_count, sizeof(*added));
	if (!added)
		return table->err = -ENOMEM;
	added->name = symbol->name;
	added->start = symbol->address;
	added->global = symbol->binding != STB_LOCAL;
	end = start + size;
	if (symbol->size && symbol->size < end - symbol->address)
		end = symbol->address + symbol->size;
	table->err = range_table_add(symbol->size ? &table->sized : &table->labels, symbol->address,
				     end, rank_of(symbol, source), table->symbol_count - 1);
	return table->err;
}

/* A label reaches to where the next symbol begins; inside of a sized symbol it says nothing. */
static void bound_labels(struct symbol_table *table)
{
	const struct range *sized = table->sized.ranges;
	struct range *labels = table->labels.ranges;
	size_t next = table->sized.count;
	uint64_t limit = UINT64_MAX;

	for (size_t i = table->labels.count; i-- > 0;) {
		struct range *label = &labels[i];

		if (i + 1 < table->labels.count && labels[i + 1].low > label->low &&
		    labels[i + 1].low < limit)
			limit = labels[i + 1].low;
		for (; next > 0 && sized[next - 1].low > label->low; next--) {
			if (sized[next - 1].low < limit)
				limit = sized[next - 1].low;
		}
		if (limit < label->high)
			label->high = limit;
		if (range_table_find(&table->sized, label->low))
			label->high = label->low;
	}
	/* The order is still right, the reach is not. */
	range_table_sort(&table->labels);
}

static void read_symbols(struct symbol_table *table, struct elf_file *file, enum source source)
{
	struct reading reading = { table, source };

	if (file && !table->err)
		elf_file_each_symbol(file, add_symbol, &reading);
}

int symbol_table_new(struct elf_file *file, struct elf_file *debug, struct symbol_table **result)
{
	struct symbol_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->file = file;
	table->mini = mini_debug_open(file);
	read_symbols(table, file, SOURCE_SYMTAB);
	read_symbols(table, debug, SOURCE_SYMTAB);
	read_symbols(table, table->mini, SOURCE_MINI);
	if (table->err) {
		symbol_table_free(table);
		return -ENOMEM;
	}
	range_table_sort(&table->sized);
	range_table_sort(&table->labels);
	bound_labels(table);
	*result = table;
	return 0;
}

void symbol_table_free(struct symbol_table *table)
{
	if (!table)
		return;
	range_table_clear(&table->sized);
	range_table_clear(&table->labels);
	elf_file_close(table->mini);
	free(table->symbols);
	free(table);
}

bool symbol_table_find(const struct symbol_table *table, uint64_t address,
		       struct function_symbol *found)
{
	const struct range *range = range_table_find(&table->sized, address);

	if (!range)
		range = range_table_find(&table->labels, address);
	if (range)
		*found = table->symbols[range->value];
	return range;
}
