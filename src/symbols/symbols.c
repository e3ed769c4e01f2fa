/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the cache of mapped files and turns the snapshot's stacks into frames.
 * Knows the snapshot; knows neither ELF nor DWARF.
 */
#include "symbols/symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"
#include "symbols/debug_server.h"
#include "util/demangle.h"
#include "symbols/jit.h"
#include "symbols/jit_table.h"
#include "symbols/module.h"
#include "util/hash.h"
#include "util/proc.h"
#include "util/strings.h"

#define DEFAULT_DEBUG_ROOT "/usr/lib/debug"

struct cached_module {
	UT_hash_handle hh;
	char *key; /* device, inode, path */
	struct module *module;
};

struct symbols {
	struct module_context context;
	char *debug_root;
	struct cached_module *modules;
};

/* One address of a process, once however many stacks go through it. */
struct named_ip {
	uint64_t ip;
	uint32_t generation; /* of the stacks' code */
	struct frame *frames;
	uint32_t frame_count;
};

/* A process while its stacks are named. */
struct naming {
	struct symbols *symbols;
	struct snapshot *snapshot;
	struct process *process;
	struct module **modules; /* of its mappings; NULL: not to be had */
	struct named_ip *ips;	 /* sorted */
	size_t ip_count;
	size_t stack_end;      /* stacks up to here are named now */
	struct jit_table *jit; /* read when it is first asked */
};

struct symbols *symbols_new(const struct symbols_options *options)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->debug_root =
		strdup(options->debug_root ? options->debug_root : DEFAULT_DEBUG_ROOT);
	symbols->context = (struct module_context){
		.demangle = options->demangle,
		.debug_root = symbols->debug_root,
		.server = debug_server_new(),
		.strings = strings_new(),
	};
	if (!symbols->debug_root || !symbols->context.server || !symbols->context.strings) {
		symbols_free(symbols);
		return NULL;
	}
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	struct cached_module *cached, *next;

	if (!symbols)
		return;
	cached = symbols->modules;
	HASH_CLEAR(hh, symbols->modules);
	for (; cached; cached = next) {
		next = cached->hh.next;
		module_close(cached->module);
		free(cached->key);
		free(cached);
	}
	strings_free(symbols->context.strings);
	debug_server_free(symbols->context.server);
	free(symbols->debug_root);
	free(symbols);
}

/* ---- files ----------------------------------------------------------------------- */

static int open_cached(struct symbols *symbols, const struct mapping *mapping, const char *root,
		       char *key, struct cached_module **result)
{
	struct cached_module *cached = calloc(1, sizeof(*cached));
	int err = cached ? 0 : -ENOMEM;

	if (!err)
		err = module_open(mapping, root, &symbols->context, &cached->module);
	if (err) {
		free(cached);
		free(key);
		return err;
	}
	cached->key = key;
	HASH_ADD_KEYPTR(hh, symbols->modules, cached->key, strlen(cached->key), cached);
	if (!hash_has(cached)) {
		module_close(cached->module);
		free(cached);
		free(key);
		return -ENOMEM;
	}
	*result = cached;
	return 0;
}

/*
 * The mapping's file, opened once for all processes. What could not be opened is
 * tried again with the next mapping, which may know another way to it. Returns
 * -ENOMEM, or 0 with NULL when it is not to be had or is another file by now.
 */
static int find_module(struct symbols *symbols, const struct mapping *mapping, const char *root,
		       struct module **module)
{
	struct cached_module *cached;
	const char *build_id;
	char *key;
	int err = 0;

	*module = NULL;
	if (asprintf(&key, "%" PRIx64 ":%" PRIu64 ":%s", mapping->device, mapping->inode,
		     mapping->path ? mapping->path : "") < 0)
		return -ENOMEM;
	HASH_FIND_STR(symbols->modules, key, cached);
	if (cached)
		free(key);
	else
		err = open_cached(symbols, mapping, root, key, &cached);
	if (err)
		return err == -ENOMEM ? err : 0;
	build_id = module_build_id(cached->module);
	if (!mapping->build_id || (build_id && !strcmp(build_id, mapping->build_id)))
		*module = cached->module;
	return 0;
}

static int find_modules(struct naming *naming)
{
	struct process *process = naming->process;
	char root[PROC_ROOT_BYTES] = "";
	int err = 0;

	if (process->end == PROCESS_RUNNING)
		proc_root(process->pid, root);
	naming->modules = calloc(process->mapping_count + 1, sizeof(*naming->modules));
	if (!naming->modules)
		return -ENOMEM;
	for (size_t i = 0; !err && i < process->mapping_count; i++) {
		struct mapping *mapping = &process->mappings[i];

		err = find_module(naming->symbols, mapping, root, &naming->modules[i]);
		if (!err && naming->modules[i] && !mapping->build_id)
			mapping->build_id = strings_intern(naming->snapshot->strings,
							   module_build_id(naming->modules[i]));
	}
	return err;
}

/* ---- addresses ------------------------------------------------------------------- */

static int compare_ips(const void *left, const void *right)
{
	const struct named_ip *a = left, *b = right;

	if (a->ip != b->ip)
		return a->ip > b->ip ? 1 : -1;
	return (a->generation > b->generation) - (a->generation < b->generation);
}

/* How many of the outermost frames two stacks have in common. */
static uint32_t shared_frames(const struct stack *a, const struct stack *b)
{
	uint32_t count = 0;

	if (a->generation != b->generation)
		return 0;
	while (count < a->depth && count < b->depth &&
	       a->ips[a->depth - 1 - count] == b->ips[b->depth - 1 - count])
		count++;
	return count;
}

/* All that are in stacks without names, sorted. Neighbours are alike: most are left out early. */
static int collect_ips(struct naming *naming)
{
	const struct process *process = naming->process;
	const struct stack *last = NULL;
	size_t total = 0, unique = 0;

	for (size_t i = 0; i < naming->stack_end; i++)
		total += process->stacks[i].frames ? 0 : process->stacks[i].depth;
	naming->ips = calloc(total + 1, sizeof(*naming->ips));
	if (!naming->ips)
		return -ENOMEM;
	total = 0;
	for (size_t i = 0; i < naming->stack_end; i++) {
		const struct stack *stack = &process->stacks[i];
		uint32_t shared = last ? shared_frames(last, stack) : 0;

		if (stack->frames)
			continue;
		for (uint32_t j = 0; j < stack->depth - shared; j++)
			naming->ips[total++] = (struct named_ip){
				.ip = stack->ips[j],
				.generation = stack->generation,
			};
		last = stack;
	}
	qsort(naming->ips, total, sizeof(*naming->ips), compare_ips);
	for (size_t i = 0; i < total; i++) {
		if (!unique || compare_ips(&naming->ips[unique - 1], &naming->ips[i]))
			naming->ips[unique++] = naming->ips[i];
	}
	naming->ip_count = unique;
	return 0;
}

/* The call is before the return address, which may be in the next function. */
static const struct mapping *find_mapping(const struct process *process, uint64_t call,
					  uint32_t generation)
{
	for (size_t i = process->mapping_count; i-- > 0;) {
		const struct mapping *mapping = &process->mappings[i];

		if (mapping->start <= call && call < mapping->end &&
		    mapping->first_generation <= generation &&
		    generation <= mapping->last_generation)
			return mapping;
	}
	return NULL;
}

static int set_frames(struct naming *naming, struct named_ip *named, const struct frame *common,
		      const struct location *location, uint64_t return_address)
{
	struct strings *strings = naming->snapshot->strings;

	named->frames = calloc(location->place_count, sizeof(*named->frames));
	if (!named->frames)
		return -ENOMEM;
	named->frame_count = location->place_count;
	for (size_t i = 0; i < location->place_count; i++) {
		const struct place *place = &location->places[i];
		struct frame *frame = &named->frames[i];

		*frame = *common;
		frame->function = strings_intern(strings, place->function);
		frame->symbol = strings_intern(strings, place->symbol);
		frame->file = strings_intern(strings, place->file);
		frame->line = place->line;
		frame->inlined = i + 1 < location->place_count;
		if (location->start != LOCATION_NO_START)
			frame->offset = return_address - location->start;
		if ((place->function && !frame->function) || (place->file && !frame->file))
			return -ENOMEM;
	}
	return 0;
}

/* Code that is in no file. Returns 0, -ENOENT or -ENOMEM. */
static int name_jit_ip(struct naming *naming, struct named_ip *named)
{
	struct frame common = { .ip = named->ip };
	struct jit_function function;
	struct place place = { .function = NULL };
	struct location location = { &place, 1, LOCATION_NO_START };
	char *demangled = NULL;
	int err = naming->jit ? 0 : jit_read(naming->process, &naming->jit);

	if (!err)
		err = jit_table_find(naming->jit, named->ip - 1, &function);
	if (err)
		return err;
	if (naming->symbols->context.demangle)
		demangled = symbol_demangle(function.name);
	place.function = demangled ? demangled : function.name;
	place.symbol = demangled ? function.name : NULL;
	location.start = function.start;
	common.module = strings_intern(naming->snapshot->strings, JIT_MODULE);
	err = common.module ? set_frames(naming, named, &common, &location, named->ip) : -ENOMEM;
	free(demangled);
	return err;
}

static int name_ip(struct naming *naming, struct named_ip *named)
{
	static const struct place unknown;
	struct location location = { &unknown, 1, LOCATION_NO_START };
	const struct mapping *mapping =
		find_mapping(naming->process, named->ip - 1, named->generation);
	struct module *module =
		mapping ? naming->modules[mapping - naming->process->mappings] : NULL;
	struct frame common = { .ip = named->ip };
	uint64_t offset, address = UINT64_MAX;
	int err = 0;

	/* A compiler may keep its code in a file of its own, too. */
	if (!module) {
		err = name_jit_ip(naming, named);
		if (err != -ENOENT)
			return err;
		err = 0;
	}
	if (!mapping || !mapping->path || !mapping->path[0])
		return set_frames(naming, named, &common, &location, 0);
	common.module = mapping->path;
	common.build_id = mapping->build_id;
	offset = named->ip - 1 - mapping->start + mapping->file_offset;
	if (module)
		address = module_address_of(module, offset);
	if (address != UINT64_MAX)
		err = module_locate(module, address, &location);
	/* Without the file, the offset in it is the nearest to an address that there is. */
	common.offset = (address != UINT64_MAX ? address : offset) + 1;
	return err ? err : set_frames(naming, named, &common, &location, address + 1);
}

/* ---- stacks ---------------------------------------------------------------------- */

static const struct named_ip *find_ip(const struct naming *naming, uint64_t ip, uint32_t generation)
{
	const struct named_ip key = { .ip = ip, .generation = generation };

	return bsearch(&key, naming->ips, naming->ip_count, sizeof(key), compare_ips);
}

static int name_stack(const struct naming *naming, struct stack *stack)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < stack->depth; i++)
		count += find_ip(naming, stack->ips[i], stack->generation)->frame_count;
	stack->frames = calloc((size_t)count + 1, sizeof(*stack->frames));
	if (!stack->frames)
		return -ENOMEM;
	for (uint32_t i = 0; i < stack->depth; i++) {
		const struct named_ip *named = find_ip(naming, stack->ips[i], stack->generation);

		memcpy(stack->frames + stack->frame_count, named->frames,
		       named->frame_count * sizeof(*named->frames));
		stack->frame_count += named->frame_count;
	}
	return 0;
}

/* Where the stacks end of which `limit` have no names yet; counts them. */
static size_t unnamed_until(const struct process *process, size_t limit, size_t *count)
{
	size_t end;

	*count = 0;
	for (end = 0; end < process->stack_count && *count < limit; end++)
		*count += !process->stacks[end].frames;
	return end;
}

int symbols_resolve_process(struct symbols *symbols, struct snapshot *snapshot,
			    struct process *process, size_t limit)
{
	struct naming naming = { .symbols = symbols, .snapshot = snapshot, .process = process };
	size_t count;
	int err;

	naming.stack_end = unnamed_until(process, limit, &count);
	if (!count)
		return 0;
	err = find_modules(&naming);
	if (!err)
		err = collect_ips(&naming);
	for (size_t i = 0; !err && i < naming.ip_count; i++)
		err = name_ip(&naming, &naming.ips[i]);
	for (size_t i = 0; !err && i < naming.stack_end; i++) {
		if (!process->stacks[i].frames)
			err = name_stack(&naming, &process->stacks[i]);
	}
	for (size_t i = 0; i < naming.ip_count; i++)
		free(naming.ips[i].frames);
	free(naming.ips);
	jit_table_free(naming.jit);
	free(naming.modules);
	return err ? err : (int)count;
}

int symbols_resolve(struct symbols *symbols, struct snapshot *snapshot)
{
	int err = 0;

	for (size_t i = 0; err >= 0 && i < snapshot->process_count; i++)
		err = symbols_resolve_process(symbols, snapshot, &snapshot->processes[i], SIZE_MAX);
	return err < 0 ? err : 0;
}
