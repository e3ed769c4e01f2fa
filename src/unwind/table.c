/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lays out a file's unwind table: its FDEs in the order of their code, their rows
 * one behind the other, the index by granules. What the rows say is rule.h's.
 */
#include "unwind/table.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>

#include "elf/elf_file.h"
#include "unwind/cfi.h"
#include "unwind/frame_pointers.h"
#include "unwind/rule.h"
#include "util/array.h"

#define GRANULE_BYTES (1u << WIRE_GRANULE_SHIFT)

/* More than any program has, and a pool's worth. */
#define TEXT_RANGES_MAX 64
#define TEXT_BYTES_MAX (4ULL << 30)
#define ROWS_MAX (64u << 20)

struct range {
	uint64_t start;
	uint64_t end;
};

/* Where an FDE is and what it is about. */
struct fde {
	uint64_t start;
	uint64_t end;
	size_t offset; /* in the section */
};

/* A row while the table is built: address << 16 | number of its rule. */
typedef uint64_t row_t;

struct builder {
	struct elf_file *file;
	struct unwind_rules *rules;
	struct range text[TEXT_RANGES_MAX];
	size_t text_count;
	uint64_t entry; /* where the kernel starts the program, UINT64_MAX: nowhere */
	struct fde *fdes;
	size_t fde_count;
	row_t *rows;
	size_t row_count;
};

static uint64_t row_address(row_t row)
{
	return row >> 16;
}

/* ---- FDEs -------------------------------------------------------------------- */

static int text_collect(struct builder *builder, Elf *elf)
{
	GElf_Ehdr whole;
	size_t count;

	/* 0 is none (gABI, "ELF Header"), and often an address of the segment. */
	if (gelf_getehdr(elf, &whole) && whole.e_entry)
		builder->entry = whole.e_entry;
	if (elf_getphdrnum(elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct range *range = &builder->text[builder->text_count];
		GElf_Phdr header;

		if (!gelf_getphdr(elf, i, &header) || header.p_type != PT_LOAD ||
		    !(header.p_flags & PF_X) || header.p_filesz > UINT64_MAX - header.p_vaddr)
			continue;
		if (builder->text_count == TEXT_RANGES_MAX)
			return -E2BIG;
		range->start = header.p_vaddr;
		range->end = header.p_vaddr + header.p_filesz;
		builder->text_count++;
	}
	return 0;
}

/* Cuts an FDE's code to the segment that it begins in. Returns false when that is none. */
static bool text_cut(const struct builder *builder, struct cfi_fde *fde)
{
	for (size_t i = 0; i < builder->text_count; i++) {
		const struct range *range = &builder->text[i];

		if (fde->start < range->start || fde->start >= range->end)
			continue;
		if (fde->end > range->end)
			fde->end = range->end;
		return true;
	}
	return false;
}

/* An entry point that is not in the first FDE's segment, or none of ours, is as good as none. */
static void entry_check(struct builder *builder)
{
	uint64_t first = builder->fdes[0].start;

	for (size_t i = 0; i < builder->text_count; i++) {
		const struct range *range = &builder->text[i];

		if (builder->entry >= range->start && builder->entry < range->end &&
		    first >= range->start && first < range->end)
			return;
	}
	builder->entry = UINT64_MAX;
}

static int compare_fdes(const void *left, const void *right)
{
	const struct fde *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int fdes_collect(struct builder *builder, struct cfi_reader *reader)
{
	size_t offset = 0;

	do {
		struct cfi_fde found;
		struct fde *fde;

		if (!cfi_fde_read(reader, offset, &found) || !text_cut(builder, &found))
			continue;
		fde = array_add(&builder->fdes, &builder->fde_count, sizeof(*fde));
		if (!fde)
			return -ENOMEM;
		*fde = (struct fde){ found.start, found.end, offset };
	} while (cfi_entry_next(&reader->section, &offset));
	if (builder->fde_count)
		qsort(builder->fdes, builder->fde_count, sizeof(*builder->fdes), compare_fdes);
	if (!builder->fde_count)
		return -ENODATA;
	entry_check(builder);
	return 0;
}

/* ---- rows -------------------------------------------------------------------- */

static int row_add(struct builder *builder, uint64_t address, uint16_t rule)
{
	row_t *row;

	if (builder->row_count && (uint16_t)builder->rows[builder->row_count - 1] == rule)
		return 0;
	if (builder->row_count == ROWS_MAX)
		return -E2BIG;
	row = array_add(&builder->rows, &builder->row_count, sizeof(*row));
	if (!row)
		return -ENOMEM;
	*row = address << 16 | rule;
	return 0;
}

static int visit_row(void *context, const struct cfi_cie *cie, uint64_t start,
		     const struct cfi_state *state)
{
	struct builder *builder = context;
	struct wire_rule rule = rule_of_row(cie, state);

	return row_add(builder, start, unwind_rules_intern(builder->rules, &rule));
}

static uint16_t gap_rule(const struct builder *builder, uint64_t start, uint64_t end)
{
	uint64_t code_start, code_bytes;
	const uint8_t *code = elf_file_code(builder->file, start, &code_start, &code_bytes);

	if (!code || end - code_start > code_bytes ||
	    !frame_pointers_kept(code + (start - code_start), end - start))
		return WIRE_CFA_NO_RULE;
	return unwind_rules_intern(builder->rules, &rule_by_frame_pointer);
}

/*
 * Code between FDEs. Nobody calls the program's entry point: what runs there, and
 * behind it (ld.so's _dl_start_user, which runs the constructors), has no caller.
 */
static int gap_add(struct builder *builder, uint64_t start, uint64_t end)
{
	bool entered = builder->entry >= start && builder->entry < end;
	int err = 0;

	if (start < (entered ? builder->entry : end))
		err = row_add(builder, start, gap_rule(builder, start, end));
	if (!err && entered)
		err = row_add(builder, builder->entry, WIRE_CFA_OUTERMOST);
	return err;
}

/* An FDE ends at the latest where the next one begins: addresses rise, whatever the file says. */
static int rows_collect(struct builder *builder, struct cfi_reader *reader)
{
	uint64_t first = builder->fdes[0].start;
	int err = 0;

	if (builder->entry < first)
		err = gap_add(builder, builder->entry, first);
	for (size_t i = 0; !err && i < builder->fde_count; i++) {
		const struct fde *fde = &builder->fdes[i];
		bool last = i + 1 == builder->fde_count;
		uint64_t end = fde->end;
		struct cfi_fde read;

		if (!last && end > fde[1].start)
			end = fde[1].start;
		if (cfi_fde_read(reader, fde->offset, &read))
			err = cfi_rows_each(&reader->section, &read, end, visit_row, builder);
		if (!err && last)
			err = row_add(builder, end, WIRE_CFA_NO_RULE);
		else if (!err)
			err = gap_add(builder, end, fde[1].start);
	}
	return err;
}

/* ---- layout ------------------------------------------------------------------ */

static void words_fill(const struct builder *builder, struct unwind_table *table)
{
	uint32_t *rows = table->words + table->granules + 1;
	uint32_t next = 0;

	for (uint32_t granule = 0; granule <= table->granules; granule++) {
		uint64_t address = table->text_start + (uint64_t)granule * GRANULE_BYTES;

		while (next < table->row_count && row_address(builder->rows[next]) < address)
			next++;
		table->words[granule] = next;
	}
	for (uint32_t i = 0; i < table->row_count; i++) {
		uint64_t offset = row_address(builder->rows[i]) - table->text_start;

		rows[i] = (uint32_t)builder->rows[i] << 16 | (uint16_t)offset;
	}
}

static int table_new(const struct builder *builder, struct unwind_table **result)
{
	/* The last row ends the last FDE; at a granule's end, the table's end says the same. */
	uint64_t start = row_address(builder->rows[0]) & ~(uint64_t)(GRANULE_BYTES - 1);
	uint64_t bytes = row_address(builder->rows[builder->row_count - 1]) - start;
	struct unwind_table *table;

	if (bytes > TEXT_BYTES_MAX)
		return -E2BIG;
	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	table->text_start = start;
	table->granules = (bytes + GRANULE_BYTES - 1) >> WIRE_GRANULE_SHIFT;
	table->row_count = builder->row_count - (bytes % GRANULE_BYTES == 0);
	table->word_count = (size_t)table->granules + 1 + table->row_count;
	table->words = malloc(table->word_count * sizeof(*table->words));
	if (!table->words) {
		free(table);
		return -ENOMEM;
	}
	words_fill(builder, table);
	*result = table;
	return 0;
}

static int build_from(struct builder *builder, const struct cfi_section *section,
		      struct unwind_table **table)
{
	struct cfi_reader reader;
	int err;

	cfi_reader_init(&reader, section);
	err = fdes_collect(builder, &reader);
	if (!err)
		err = rows_collect(builder, &reader);
	if (!err)
		err = table_new(builder, table);
	free(builder->fdes);
	free(builder->rows);
	return err;
}

int unwind_table_build(struct elf_file *file, struct unwind_rules *rules,
		       struct unwind_table **table)
{
	struct builder builder = { .file = file, .rules = rules, .entry = UINT64_MAX };
	struct cfi_section section;
	int err = text_collect(&builder, elf_file_elf(file));

	if (err)
		return err;
	err = -ENODATA;
	if (cfi_section_eh_frame(file, &section))
		err = build_from(&builder, &section, table);
	/* Static programs have an .eh_frame that is a terminator and nothing else. */
	if (err == -ENODATA && cfi_section_debug_frame(file, &section))
		err = build_from(&builder, &section, table);
	return err;
}

void unwind_table_free(struct unwind_table *table)
{
	if (!table)
		return;
	free(table->words);
	free(table);
}

/* ---- look-up ----------------------------------------------------------------- */

const struct wire_rule *unwind_table_find(const struct unwind_table *table,
					  const struct wire_rule *storage, uint64_t address)
{
	uint64_t offset = address - table->text_start;
	const uint32_t *rows = table->words + table->granules + 1;
	uint32_t low, high;

	if (offset >> WIRE_GRANULE_SHIFT >= table->granules)
		return &storage[WIRE_CFA_NO_RULE];
	low = table->words[offset >> WIRE_GRANULE_SHIFT];
	high = table->words[(offset >> WIRE_GRANULE_SHIFT) + 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if ((rows[middle] & 0xffff) <= (offset & 0xffff))
			low = middle + 1;
		else
			high = middle;
	}
	return &storage[low ? rows[low - 1] >> 16 : WIRE_CFA_NO_RULE];
}
