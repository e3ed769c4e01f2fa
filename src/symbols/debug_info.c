/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns a file's DWARF handles and their indexes: address -> unit, and for the
 * units that are asked for, address -> function. Knows nothing of stacks or of
 * symbol tables. The indexes are made of the units' own ranges, as
 * .debug_aranges is missing from what clang makes. Format: DWARF 5.
 */
#include "symbols/debug_info.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/elf_file.h"
#include "symbols/debug_file.h"
#include "symbols/ranges.h"
#include "util/array.h"
#include "util/log.h"
#include "util/status.h"

/* Far beyond what compilers nest; it bounds recursion in hostile files. */
#define MAX_DEPTH 256

struct unit {
	Dwarf_Die die;
	const char *directory;
	bool indexed;
	Dwarf_Off walked;	   /* the last entry that was indexed */
	struct range_table ranges; /* of functions, as indexes into `functions` */
	Dwarf_Die *functions;
	size_t function_count;
};

struct debug_info {
	struct elf_file *file;
	struct elf_file *separate;
	struct elf_file *alt_file;
	Dwarf *dwarf;
	Dwarf *alt;
	bool indexed;
	struct range_table ranges; /* of units, as indexes into `units` */
	struct unit *units;
	size_t unit_count;
};

/* ---- open and close --------------------------------------------------------------- */

static bool has_dwarf(struct elf_file *file)
{
	return elf_file_has_section(file, ".debug_info") ||
	       elf_file_has_section(file, ".zdebug_info");
}

/* libdw goes no further, and would end us without a word, with a status that means another thing.
 */
static __attribute__((noreturn)) void no_memory(void)
{
	log_error("out of memory while names were read from debug information");
	_exit(STATUS_UNMEASURED);
}

static Dwarf *open_dwarf(struct elf_file *file)
{
	Dwarf *dwarf = dwarf_begin_elf(elf_file_elf(file), DWARF_C_READ, NULL);

	if (dwarf)
		dwarf_new_oom_handler(dwarf, no_memory);
	return dwarf;
}

/*
 * False when the file needs an alternate file that is not there: its entries
 * would be half empty, and libdw would open any path that the file names.
 */
static bool open_alt(struct debug_info *info, const char *path, const struct debug_places *places)
{
	if (!elf_file_has_section(info->separate ? info->separate : info->file,
				  ".gnu_debugaltlink"))
		return true;
	info->alt_file = debug_file_find_alt(info->dwarf, path, places);
	if (!info->alt_file)
		return false;
	info->alt = open_dwarf(info->alt_file);
	if (!info->alt)
		return false;
	dwarf_setalt(info->dwarf, info->alt);
	return true;
}

int debug_info_new(struct elf_file *file, const struct debug_places *places,
		   struct debug_info **result)
{
	struct debug_info *info = calloc(1, sizeof(*info));
	char path[PATH_MAX];

	if (!info)
		return -ENOMEM;
	info->file = file;
	if (!has_dwarf(file))
		info->separate = debug_file_find(file, places, path);
	else if (snprintf(path, sizeof(path), "%s%s", places->process_root, places->path) >=
		 PATH_MAX)
		path[0] = '\0';
	if (info->separate ? has_dwarf(info->separate) : has_dwarf(file))
		info->dwarf = open_dwarf(info->separate ? info->separate : file);
	if (info->dwarf && !open_alt(info, path, places)) {
		dwarf_end(info->dwarf);
		info->dwarf = NULL;
	}
	*result = info;
	return 0;
}

void debug_info_free(struct debug_info *info)
{
	if (!info)
		return;
	for (size_t i = 0; i < info->unit_count; i++) {
		range_table_clear(&info->units[i].ranges);
		free(info->units[i].functions);
	}
	free(info->units);
	range_table_clear(&info->ranges);
	dwarf_end(info->dwarf);
	dwarf_end(info->alt);
	elf_file_close(info->alt_file);
	elf_file_close(info->separate);
	free(info);
}

struct elf_file *debug_info_file(const struct debug_info *info)
{
	return info->separate;
}

/* ---- indexes ---------------------------------------------------------------------- */

/*
 * Linkers leave the entries of functions that they dropped at address 0 or 1 (or
 * at the top); there these would cover what is really there.
 */
static bool is_code(const struct debug_info *info, uint64_t address)
{
	uint64_t start, size;

	return address > 1 && elf_file_code(info->file, address, &start, &size);
}

static int add_ranges(const struct debug_info *info, struct range_table *table, Dwarf_Die *die,
		      size_t value)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t at = 0;
	int err = 0;

	while (!err && (at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		if (is_code(info, low))
			err = range_table_add(table, low, high, 0, value);
	}
	return err;
}

static const char *string_attribute(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr(die, name, &attribute));
}

static int index_units(struct debug_info *info)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Die die;
	int err = 0;

	info->indexed = true;
	/* No `subdie`: libdw would open whatever path a skeleton unit names. */
	while (!err && !dwarf_get_units(info->dwarf, cu, &cu, NULL, &type, &die, NULL)) {
		struct unit *unit;

		if (type != DW_UT_compile)
			continue;
		unit = array_add(&info->units, &info->unit_count, sizeof(*unit));
		if (!unit)
			return -ENOMEM;
		unit->die = die;
		unit->directory = string_attribute(&die, DW_AT_comp_dir);
		err = add_ranges(info, &info->ranges, &die, info->unit_count - 1);
	}
	range_table_sort(&info->ranges);
	return err;
}

static bool may_hold_functions(int tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return true;
	default:
		return false;
	}
}

static int index_functions(const struct debug_info *info, struct unit *unit, Dwarf_Die *parent,
			   unsigned int depth)
{
	Dwarf_Die die;
	int err = 0;

	if (depth > MAX_DEPTH || dwarf_child(parent, &die))
		return 0;
	do {
		int tag = dwarf_tag(&die);

		/* Siblings may be said to be among the children: each would be walked twice. */
		if (dwarf_dieoffset(&die) <= unit->walked)
			return 0;
		unit->walked = dwarf_dieoffset(&die);
		if (tag == DW_TAG_subprogram) {
			Dwarf_Die *function = array_add(&unit->functions, &unit->function_count,
							sizeof(*function));

			if (!function)
				return -ENOMEM;
			*function = die;
			err = add_ranges(info, &unit->ranges, &die, unit->function_count - 1);
		}
		if (!err && may_hold_functions(tag))
			err = index_functions(info, unit, &die, depth + 1);
	} while (!err && !dwarf_siblingof(&die, &die));
	return err;
}

/* ---- look-up ---------------------------------------------------------------------- */

static const char *function_name(Dwarf_Die *die)
{
	static const unsigned int linkage[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name };

	for (size_t i = 0; i < sizeof(linkage) / sizeof(*linkage); i++) {
		Dwarf_Attribute attribute;
		const char *name =
			dwarf_formstring(dwarf_attr_integrate(die, linkage[i], &attribute));

		if (name)
			return name;
	}
	return dwarf_diename(die);
}

static uint64_t number_attribute(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) ? 0 : value;
}

static void set_file(const struct unit *unit, struct call *call, const char *file)
{
	call->file = file;
	call->directory = file && file[0] != '/' ? unit->directory : NULL;
}

static void set_line(struct unit *unit, struct call *call, uint64_t address)
{
	Dwarf_Line *line = dwarf_getsrc_die(&unit->die, address);
	int number = 0;

	if (!line)
		return;
	set_file(unit, call, dwarf_linesrc(line, NULL, NULL));
	if (!dwarf_lineno(line, &number) && number > 0)
		call->line = number;
}

/* Where the inlined instance `die` was called from. */
static void set_call_line(struct unit *unit, struct call *call, Dwarf_Die *die)
{
	Dwarf_Files *files;
	size_t count;

	if (!dwarf_getsrcfiles(&unit->die, &files, &count)) {
		uint64_t file = number_attribute(die, DW_AT_call_file);

		if (file < count)
			set_file(unit, call, dwarf_filesrc(files, file, NULL, NULL));
	}
	call->line = number_attribute(die, DW_AT_call_line);
}

/* Steps to the block or inlined instance in `die` that holds the address. */
static bool step_inside(Dwarf_Die *die, uint64_t address)
{
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return false;
	do {
		int tag = dwarf_tag(&child);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) &&
		    dwarf_haspc(&child, address) > 0) {
			*die = child;
			return true;
		}
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

static uint64_t function_start(Dwarf_Die *function, const struct range *range)
{
	Dwarf_Addr entry;

	/* A part split off may lie before the entry: it counts from its own begin. */
	return !dwarf_entrypc(function, &entry) && entry <= range->low ? entry : range->low;
}

static int add_call(struct calls *calls, const struct call *call)
{
	struct call *added = array_add(&calls->calls, &calls->count, sizeof(*added));

	if (!added)
		return -ENOMEM;
	*added = *call;
	return 0;
}

/* From the function inwards; what is found is turned around at the end. */
static int expand_function(struct unit *unit, Dwarf_Die function, uint64_t address,
			   struct calls *calls)
{
	struct call call = { .function = function_name(&function) };
	Dwarf_Die die = function;
	int err = 0;

	for (int depth = 0; !err && depth < MAX_DEPTH && step_inside(&die, address); depth++) {
		if (dwarf_tag(&die) != DW_TAG_inlined_subroutine)
			continue;
		set_call_line(unit, &call, &die);
		err = add_call(calls, &call);
		call = (struct call){ .function = function_name(&die) };
	}
	set_line(unit, &call, address);
	if (!err)
		err = add_call(calls, &call);
	for (size_t i = 0; i < calls->count / 2; i++) {
		struct call other = calls->calls[i];

		calls->calls[i] = calls->calls[calls->count - 1 - i];
		calls->calls[calls->count - 1 - i] = other;
	}
	return err;
}

static int find_in_unit(struct debug_info *info, struct unit *unit, uint64_t address,
			struct calls *calls)
{
	struct call call = { .function = NULL };
	const struct range *range;

	if (!unit->indexed) {
		int err = index_functions(info, unit, &unit->die, 0);

		unit->indexed = true;
		range_table_sort(&unit->ranges);
		if (err)
			return err;
	}
	range = range_table_find(&unit->ranges, address);
	if (range) {
		Dwarf_Die *function = &unit->functions[range->value];

		calls->start = function_start(function, range);
		return expand_function(unit, *function, address, calls);
	}
	/* Assembly has lines and no functions. */
	set_line(unit, &call, address);
	return call.file ? add_call(calls, &call) : 0;
}

int debug_info_find(struct debug_info *info, uint64_t address, struct calls *calls)
{
	const struct range *range;
	int err = 0;

	memset(calls, 0, sizeof(*calls));
	if (!info->dwarf)
		return 0;
	if (!info->indexed)
		err = index_units(info);
	if (err)
		return err;
	range = range_table_find(&info->ranges, address);
	if (range)
		err = find_in_unit(info, &info->units[range->value], address, calls);
	if (err)
		calls_clear(calls);
	return err;
}

void calls_clear(struct calls *calls)
{
	free(calls->calls);
	memset(calls, 0, sizeof(*calls));
}
