/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns an opened file, its name sources and the names already found. Decides
 * which source is believed: DWARF, then the symbol tables. Knows a mapping,
 * nothing of processes and stacks.
 */
#include "symbols/module.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "elf/elf_file.h"
#include "model/snapshot.h"
#include "symbols/debug_file.h"
#include "symbols/debug_info.h"
#include "util/demangle.h"
#include "symbols/symbol_table.h"
#include "util/hash.h"
#include "util/strings.h"

struct known {
	UT_hash_handle hh;
	uint64_t address;
	struct location location;
	struct place places[];
};

struct module {
	const struct module_context *context;
	const char *path;
	const char *process_root;
	struct elf_file *file;
	/* Made at the first look-up: of most mapped files nobody asks. */
	struct debug_info *info;
	struct symbol_table *symbols;
	struct known *known;
};

/* ---- open ------------------------------------------------------------------------ */

/* The kernel's image is the same in all processes, and ends with its section headers. */
static int open_vdso(struct elf_file **file)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);

	if (!header)
		return -ENOENT;
	return elf_file_open_image(
		header, header->e_shoff + (size_t)header->e_shnum * header->e_shentsize, file);
}

static int open_same_inode(const struct mapping *mapping, struct elf_file **file)
{
	int err = elf_file_open(mapping->path, file);

	if (!err && mapping->inode && elf_file_inode(*file) != mapping->inode) {
		elf_file_close(*file);
		err = -ESTALE;
	}
	return err;
}

static int open_mapped_file(const struct mapping *mapping, struct elf_file **file)
{
	/* Other bracketed names, and none, are memory without a file. */
	if (mapping->path && !strcmp(mapping->path, "[vdso]"))
		return open_vdso(file);
	if (mapping->open_path && !elf_file_open(mapping->open_path, file))
		return 0;
	return mapping->path && mapping->path[0] == '/' ? open_same_inode(mapping, file) : -ENOENT;
}

int module_open(const struct mapping *mapping, const char *process_root,
		const struct module_context *context, struct module **result)
{
	struct elf_file *file;
	struct module *module;
	int err = open_mapped_file(mapping, &file);

	if (err)
		return err;
	module = calloc(1, sizeof(*module));
	if (!module) {
		elf_file_close(file);
		return -ENOMEM;
	}
	module->file = file;
	module->context = context;
	module->path = strings_intern(context->strings, mapping->path ? mapping->path : "");
	module->process_root = strings_intern(context->strings, process_root);
	if (!module->path || !module->process_root) {
		module_close(module);
		return -ENOMEM;
	}
	*result = module;
	return 0;
}

void module_close(struct module *module)
{
	struct known *known, *next;

	if (!module)
		return;
	known = module->known;
	HASH_CLEAR(hh, module->known);
	for (; known; known = next) {
		next = known->hh.next;
		free(known);
	}
	symbol_table_free(module->symbols);
	debug_info_free(module->info);
	elf_file_close(module->file);
	free(module);
}

const char *module_build_id(struct module *module)
{
	return elf_file_build_id(module->file);
}

uint64_t module_address_of(struct module *module, uint64_t file_offset)
{
	return elf_file_address_of(module->file, file_offset);
}

/* ---- names ----------------------------------------------------------------------- */

static int load_sources(struct module *module)
{
	const struct debug_places places = {
		.root = module->context->debug_root,
		.path = module->path,
		.process_root = module->process_root,
		.server = module->context->server,
	};
	int err = 0;

	if (!module->info)
		err = debug_info_new(module->file, &places, &module->info);
	if (!err && !module->symbols)
		err = symbol_table_new(module->file, debug_info_file(module->info),
				       &module->symbols);
	return err;
}

static int name_function(struct module *module, const char *name, struct place *place)
{
	struct strings *strings = module->context->strings;
	char *demangled = module->context->demangle ? symbol_demangle(name) : NULL;

	place->function = strings_intern(strings, demangled ? demangled : name);
	if (demangled)
		place->symbol = strings_intern(strings, name);
	free(demangled);
	return place->function ? 0 : -ENOMEM;
}

static int name_file(struct module *module, const struct call *call, const char **result)
{
	const char *file = call->file;
	char *joined = NULL;

	if (call->directory) {
		if (!strncmp(file, "./", 2))
			file += 2;
		if (asprintf(&joined, "%s/%s", call->directory, file) < 0)
			return -ENOMEM;
		file = joined;
	}
	*result = strings_intern(module->context->strings, file);
	free(joined);
	return *result ? 0 : -ENOMEM;
}

static int name_place(struct module *module, const struct call *call, struct place *place)
{
	int err = 0;

	if (call->function)
		err = name_function(module, call->function, place);
	if (!err && call->file)
		err = name_file(module, call, &place->file);
	place->line = call->line;
	return err;
}

/*
 * True when the symbol is what the user knows the function by: DWARF may have
 * "operator()" for a lambda's _ZZ4mainENK..., "__GI___libc_malloc" for malloc.
 */
static bool is_better_name(const struct function_symbol *symbol, const struct call *outer,
			   uint64_t start)
{
	if (!outer->function)
		return true;
	if (symbol_is_mangled(outer->function))
		return false;
	return symbol_is_mangled(symbol->name) ||
	       (outer->function[0] == '_' && symbol->global && symbol->start == start);
}

static void ask_symbols(const struct module *module, uint64_t address, struct call *outer,
			uint64_t *start)
{
	struct function_symbol symbol;

	if (!symbol_table_find(module->symbols, address, &symbol) ||
	    !is_better_name(&symbol, outer, *start))
		return;
	if (!outer->function)
		*start = symbol.start;
	outer->function = symbol.name;
}

static int learn(struct module *module, uint64_t address, const struct calls *calls,
		 struct known **result)
{
	struct call outer = { .function = NULL };
	size_t count = calls->count ? calls->count : 1;
	struct known *known = calloc(1, sizeof(*known) + count * sizeof(known->places[0]));
	int err = 0;

	if (!known)
		return -ENOMEM;
	if (calls->count)
		outer = calls->calls[calls->count - 1];
	known->address = address;
	known->location.start = outer.function ? calls->start : LOCATION_NO_START;
	ask_symbols(module, address, &outer, &known->location.start);
	for (size_t i = 0; !err && i + 1 < count; i++)
		err = name_place(module, &calls->calls[i], &known->places[i]);
	if (!err)
		err = name_place(module, &outer, &known->places[count - 1]);
	if (err) {
		free(known);
		return err;
	}
	known->location.places = known->places;
	known->location.place_count = count;
	*result = known;
	return 0;
}

int module_locate(struct module *module, uint64_t address, struct location *location)
{
	struct calls calls;
	struct known *known;

	HASH_FIND(hh, module->known, &address, sizeof(address), known);
	if (!known) {
		int err = load_sources(module);

		if (!err)
			err = debug_info_find(module->info, address, &calls);
		if (err)
			return err;
		err = learn(module, address, &calls, &known);
		calls_clear(&calls);
		if (err)
			return err;
		HASH_ADD(hh, module->known, address, sizeof(address), known);
		if (!hash_has(known)) {
			free(known);
			return -ENOMEM;
		}
	}
	*location = known->location;
	return 0;
}
