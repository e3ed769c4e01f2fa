/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognizes an allocator by its symbols. Owns the rules of which names count;
 * must not know code.
 */
#include "trace/candidates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "elf/elf_file.h"
#include "trace/allocators.h"
#include "util/array.h"

/* Several allocators with all their names stay far below; a file that claims more is hostile. */
#define MAX_FUNCTIONS 1024

/* Families and their marks, as bits of one word. */
#define MARK(family, mark) (1ULL << ((family)*ALLOCATOR_MARKS + (mark)))

/*
 * Defined by glibc's ld.so alone. Before glibc 2.35 that has a malloc, for itself
 * until libc's is there: its blocks are never freed, and none is a leak.
 */
static const char dynamic_linker_mark[] = "_rtld_global";

struct survey {
	struct elf_file *file;
	const struct allocator_options *options;
	struct candidates *found;
	uint64_t marks;
	bool dynamic_linker;
};

static int add_function(struct survey *survey, const struct elf_symbol *symbol, const char *prefix)
{
	struct candidates *found = survey->found;
	size_t length = strlen(prefix);
	const struct allocator_row *row;
	struct candidate *candidate;
	uint64_t start, size;

	if (strncmp(symbol->name, prefix, length) != 0)
		return 0;
	row = allocator_row_find(symbol->name + length);
	/* Mangled names have no prefix of this kind. */
	if (!row || (row->is_operator && length) ||
	    !elf_file_code(survey->file, symbol->address, &start, &size))
		return 0;
	if (found->count == MAX_FUNCTIONS)
		return -E2BIG;
	candidate = array_add(&found->functions, &found->count, sizeof(*candidate));
	if (!candidate)
		return -ENOMEM;
	*candidate = (struct candidate){ row, prefix, symbol->address, symbol->size,
					 symbol->binding == STB_LOCAL };
	return 0;
}

static void note_marks(struct survey *survey, const char *name)
{
	for (size_t i = 0; allocator_families[i].name; i++)
		for (size_t j = 0; j < ALLOCATOR_MARKS && allocator_families[i].marks[j]; j++)
			if (strcmp(allocator_families[i].marks[j], name) == 0)
				survey->marks |= MARK(i, j);
	if (strcmp(dynamic_linker_mark, name) == 0)
		survey->dynamic_linker = true;
}

static int visit_symbol(const struct elf_symbol *symbol, void *context)
{
	struct survey *survey = context;
	const struct allocator_options *options = survey->options;
	int err;

	note_marks(survey, symbol->name);
	/* STT_GNU_IFUNC is left out: its address is the chooser's, not the function's. */
	if (symbol->type != STT_FUNC && symbol->type != STT_NOTYPE)
		return 0;
	err = add_function(survey, symbol, "");
	for (size_t i = 0; i < options->prefix_count && !err; i++)
		if (options->prefixes[i][0])
			err = add_function(survey, symbol, options->prefixes[i]);
	for (size_t i = 0; !options->prefix_count && allocator_prefixes[i] && !err; i++)
		err = add_function(survey, symbol, allocator_prefixes[i]);
	return err;
}

static bool defines(const struct candidates *found, const char *prefix, const char *name)
{
	for (size_t i = 0; i < found->count; i++)
		if (strcmp(found->functions[i].prefix, prefix) == 0 &&
		    strcmp(found->functions[i].row->name, name) == 0)
			return true;
	return false;
}

static bool is_allocator(const struct candidates *found, const char *prefix)
{
	/* A static program that frees nothing has no `free`; a prefix must be no coincidence. */
	return defines(found, prefix, "malloc") && (!prefix[0] || defines(found, prefix, "free"));
}

/* A static function that has the name of a global one is somebody's helper. */
static bool is_hidden_by_global(const struct candidates *found, const struct candidate *candidate)
{
	for (size_t i = 0; i < found->count && candidate->local; i++)
		if (!found->functions[i].local && found->functions[i].row == candidate->row &&
		    found->functions[i].prefix == candidate->prefix)
			return true;
	return false;
}

static bool counts(const struct survey *survey, const struct candidate *candidate, bool any)
{
	const struct candidates *found = survey->found;

	if (is_hidden_by_global(found, candidate))
		return false;
	if (candidate->row->is_operator)
		return any;
	/* Known prefixes are a guess: a plain malloc is better than that. */
	if (candidate->prefix[0] && !survey->options->prefix_count && defines(found, "", "malloc"))
		return false;
	return is_allocator(found, candidate->prefix);
}

static bool any_allocator(const struct candidates *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (is_allocator(found, found->functions[i].prefix))
			return true;
	return false;
}

static int compare_functions(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Names of one function become one: the first row, and the largest size that any of them claims. */
static void merge_aliases(struct candidates *found)
{
	size_t kept = 0;

	if (found->count == 0)
		return;
	qsort(found->functions, found->count, sizeof(*found->functions), compare_functions);
	for (size_t i = 1; i < found->count; i++) {
		struct candidate *last = &found->functions[kept], *next = &found->functions[i];

		if (next->address != last->address)
			found->functions[++kept] = *next;
		else if (next->size_bytes > last->size_bytes)
			last->size_bytes = next->size_bytes;
	}
	found->count = kept + 1;
}

static int drop_uncounted(struct survey *survey)
{
	struct candidates *found = survey->found;
	bool any = any_allocator(found);
	struct candidate *kept = NULL;
	size_t kept_count = 0;

	for (size_t i = 0; i < found->count && !survey->dynamic_linker; i++) {
		struct candidate *copy;

		if (!counts(survey, &found->functions[i], any))
			continue;
		copy = array_add(&kept, &kept_count, sizeof(*copy));
		if (!copy) {
			free(kept);
			return -ENOMEM;
		}
		*copy = found->functions[i];
	}
	free(found->functions);
	found->functions = kept;
	found->count = kept_count;
	return 0;
}

static const char *name_allocator(const struct survey *survey)
{
	for (size_t i = 0; allocator_families[i].name; i++) {
		bool second = allocator_families[i].marks[1];

		if (survey->marks & MARK(i, 0) && (!second || survey->marks & MARK(i, 1)))
			return allocator_families[i].name;
	}
	return "unknown allocator";
}

/* What the symbol of a relocation says; false when it is no function that could be called. */
static bool read_slot(Elf *elf, Elf_Data *symbols, size_t strings, size_t index, struct slot *slot)
{
	const char *name;
	GElf_Sym symbol;

	if (index == 0 || !gelf_getsym(symbols, (int)index, &symbol))
		return false;
	name = elf_strptr(elf, strings, symbol.st_name);
	slot->row = name ? allocator_row_find(name) : NULL;
	slot->function = symbol.st_shndx != SHN_UNDEF && GELF_ST_TYPE(symbol.st_info) == STT_FUNC
				 ? symbol.st_value
				 : 0;
	return slot->row || slot->function;
}

static int add_slots(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct candidates *found)
{
	Elf_Scn *symbol_section = elf_getscn(elf, header->sh_link);
	Elf_Data *relocations = elf_getdata(section, NULL);
	Elf_Data *symbols = symbol_section ? elf_getdata(symbol_section, NULL) : NULL;
	GElf_Shdr symbol_header;
	GElf_Rela relocation;

	if (!relocations || !symbols || !gelf_getshdr(symbol_section, &symbol_header))
		return 0;
	for (int i = 0; gelf_getrela(relocations, i, &relocation); i++) {
		struct slot *added, slot = { .address = relocation.r_offset };

		if (!read_slot(elf, symbols, symbol_header.sh_link, GELF_R_SYM(relocation.r_info),
			       &slot))
			continue;
		added = array_add(&found->slots, &found->slot_count, sizeof(*added));
		if (!added)
			return -ENOMEM;
		*added = slot;
	}
	return 0;
}

static int compare_slots(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static int find_slots(struct elf_file *file, struct candidates *found)
{
	Elf *elf = elf_file_elf(file);
	Elf_Scn *section = NULL;
	int err = 0;

	while (!err && (section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_RELA &&
		    header.sh_flags & SHF_ALLOC)
			err = add_slots(elf, section, &header, found);
	}
	if (!err && found->slot_count)
		qsort(found->slots, found->slot_count, sizeof(*found->slots), compare_slots);
	return err;
}

int candidates_find(struct elf_file *file, const struct allocator_options *options,
		    struct candidates *candidates)
{
	struct survey survey = { .file = file, .options = options, .found = candidates };
	int err;

	memset(candidates, 0, sizeof(*candidates));
	err = elf_file_each_symbol(file, visit_symbol, &survey);
	if (!err)
		err = drop_uncounted(&survey);
	if (err || candidates->count == 0)
		return err;
	merge_aliases(candidates);
	candidates->allocator = name_allocator(&survey);
	return find_slots(file, candidates);
}

void candidates_clear(struct candidates *candidates)
{
	free(candidates->functions);
	free(candidates->slots);
	memset(candidates, 0, sizeof(*candidates));
}
