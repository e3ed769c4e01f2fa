/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses the functions of an allocator to be probed: leaves out forwarders. Must
 * not know which names make an allocator (candidates.c, allocator_table.c) nor
 * where in a function a probe goes.
 */
#include "trace/allocators.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf_file.h"
#include "trace/candidates.h"
#include "trace/code.h"
#include "trace/forward.h"

/* What a function may forward to: another that does to a resource what it does itself. */
struct forwarding {
	const struct candidates *candidates;
	const struct candidate *from;
};

static bool same_direction(const struct allocator_row *a, const struct allocator_row *b)
{
	bool a_acquires = a->probe.op == WIRE_ACQUIRE || a->probe.op == WIRE_ACQUIRE_OUT;
	bool b_acquires = b->probe.op == WIRE_ACQUIRE || b->probe.op == WIRE_ACQUIRE_OUT;

	return a->probe.op == b->probe.op || (a_acquires && b_acquires);
}

static int compare_function(const void *key, const void *element)
{
	uint64_t address = *(const uint64_t *)key;
	const struct candidate *candidate = element;

	return (address > candidate->address) - (address < candidate->address);
}

static bool is_function(uint64_t address, void *context)
{
	const struct forwarding *forwarding = context;
	const struct candidates *all = forwarding->candidates;
	const struct candidate *to = bsearch(&address, all->functions, all->count,
					     sizeof(*all->functions), compare_function);

	return to && to != forwarding->from && same_direction(to->row, forwarding->from->row);
}

static int compare_slot(const void *key, const void *element)
{
	uint64_t address = *(const uint64_t *)key;
	const struct slot *slot = element;

	return (address > slot->address) - (address < slot->address);
}

/*
 * Whose function it is is decided when the program runs; one of the family is
 * probed wherever that is.
 */
static bool is_slot(uint64_t address, uint64_t *function, void *context)
{
	const struct forwarding *forwarding = context;
	const struct candidates *all = forwarding->candidates;
	const struct slot *slot = NULL;

	/* A file without relocations has no array of them. */
	if (all->slot_count)
		slot = bsearch(&address, all->slots, all->slot_count, sizeof(*all->slots),
			       compare_slot);
	*function = slot ? slot->function : 0;
	return slot && slot->row && slot->row != forwarding->from->row &&
	       same_direction(slot->row, forwarding->from->row);
}

/*
 * An acquisition is counted at the outermost call, so C's are probed whatever they
 * call: calloc around malloc tells the better story. Operators are only worth a
 * probe when they do their own work, and a release must not be seen twice.
 */
static bool is_forwarder(struct code_decoder *decoder, struct elf_file *file,
			 const struct candidates *candidates, const struct candidate *candidate)
{
	struct forwarding forwarding = { candidates, candidate };
	struct forward_targets targets = { is_function, is_slot, &forwarding };
	struct code code;

	if (!candidate->row->is_operator && candidate->row->probe.op != WIRE_RELEASE)
		return false;
	code.bytes = elf_file_code(file, candidate->address, &code.start, &code.size);
	return code.bytes && forward_always(decoder, &code, candidate->address, &targets);
}

/* Adds the functions to be probed to the plan. */
static int choose(struct elf_file *file, const struct candidates *candidates,
		  struct probe_plan *plan)
{
	struct code_decoder *decoder = code_decoder_new();
	int err = decoder ? 0 : -ENOMEM;

	for (size_t i = 0; i < candidates->count && !err; i++) {
		const struct candidate *candidate = &candidates->functions[i];

		if (!is_forwarder(decoder, file, candidates, candidate))
			err = probe_plan_add(plan, &candidate->row->probe, candidate->prefix,
					     candidate->row->name, candidate->address,
					     candidate->size_bytes);
	}
	code_decoder_free(decoder);
	return err;
}

int allocators_choose(struct elf_file *file, const struct allocator_options *options,
		      struct probe_plan *plan)
{
	struct candidates candidates = { 0 };
	int err = candidates_find(file, options, &candidates);

	if (!err && candidates.count) {
		plan->allocator = candidates.allocator;
		if (!options->recognise_only)
			err = choose(file, &candidates, plan);
	}
	candidates_clear(&candidates);
	return err;
}

struct search {
	const char *name;
	struct elf_file *file;
	uint64_t file_offset;
};

static int visit_symbol(const struct elf_symbol *symbol, void *context)
{
	struct search *search = context;
	uint64_t start, size;

	if (symbol->type != STT_FUNC && symbol->type != STT_NOTYPE)
		return 0;
	if (strcmp(symbol->name, search->name) != 0 ||
	    !elf_file_code(search->file, symbol->address, &start, &size))
		return 0;
	search->file_offset = elf_file_offset_of(search->file, symbol->address);
	return 1;
}

int symbol_plan_address(struct elf_file *file, const char *name, uint64_t *file_offset)
{
	struct search search = { .name = name, .file = file };

	if (!elf_file_each_symbol(file, visit_symbol, &search))
		return -ENOENT;
	*file_offset = search.file_offset;
	return 0;
}
