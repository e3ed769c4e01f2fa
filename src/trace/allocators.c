/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the plan of probes: leaves out forwarders, asks for the places. Must not
 * know which names make an allocator (candidates.c, allocator_table.c) nor what
 * makes a good place (place.c).
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
#include "util/array.h"
#include "util/strings.h"

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

static int add_site(struct probe_plan *plan, const struct candidate *candidate)
{
	struct probe_site *site = array_add(&plan->sites, &plan->count, sizeof(*site));
	char *name;

	if (!site || asprintf(&name, "%s%s", candidate->prefix, candidate->row->name) < 0)
		return -ENOMEM;
	site->address = candidate->address;
	site->probe = candidate->row->probe;
	site->function = strings_intern(plan->names, name);
	free(name);
	return site->function ? 0 : -ENOMEM;
}

/* Adds the functions to be probed to the plan, and for each, at the same index, a request. */
static int choose(struct elf_file *file, const struct candidates *candidates,
		  struct probe_plan *plan, struct place_request *requests)
{
	struct code_decoder *decoder = code_decoder_new();
	int err = decoder ? 0 : -ENOMEM;

	for (size_t i = 0; i < candidates->count && !err; i++) {
		const struct candidate *candidate = &candidates->functions[i];

		if (is_forwarder(decoder, file, candidates, candidate))
			continue;
		requests[plan->count] =
			(struct place_request){ candidate->address, candidate->size_bytes,
						allocator_argument_count(&candidate->row->probe) };
		err = add_site(plan, candidate);
	}
	code_decoder_free(decoder);
	return err;
}

/* Places the sites from `first` on that lie in one segment; returns how many, or -errno. */
static ssize_t place_segment(struct elf_file *file, struct probe_plan *plan, size_t first,
			     const struct place_request *requests, struct placement *placements)
{
	struct code code;
	size_t last = first;
	int err;

	code.bytes = elf_file_code(file, plan->sites[first].address, &code.start, &code.size);
	if (!code.bytes)
		return -ENOEXEC;
	while (last < plan->count && plan->sites[last].address - code.start < code.size)
		last++;
	err = place_probes(code.bytes, code.start, code.size, requests + first, last - first,
			   placements + first);
	return err ? err : (ssize_t)(last - first);
}

static int place(struct elf_file *file, struct probe_plan *plan, bool at_entry,
		 const struct place_request *requests, struct placement *placements)
{
	for (size_t first = 0; first < plan->count;) {
		ssize_t placed = place_segment(file, plan, first, requests, placements);

		if (placed < 0)
			return (int)placed;
		first += (size_t)placed;
	}
	for (size_t i = 0; i < plan->count; i++) {
		struct probe_site *site = &plan->sites[i];

		site->placement = placements[i];
		if (at_entry && site->placement.address != site->address)
			site->placement = (struct placement){ site->address, false, PLACE_ASKED };
		site->file_offset = elf_file_offset_of(file, site->placement.address);
	}
	return 0;
}

static int fill_plan(struct elf_file *file, const struct candidates *candidates, bool at_entry,
		     struct probe_plan *plan)
{
	struct place_request *requests;
	struct placement *placements;
	int err = -ENOMEM;

	plan->allocator = candidates->allocator;
	requests = calloc(candidates->count, sizeof(*requests));
	placements = calloc(candidates->count, sizeof(*placements));
	if (requests && placements)
		err = choose(file, candidates, plan, requests);
	if (!err)
		err = place(file, plan, at_entry, requests, placements);
	free(placements);
	free(requests);
	return err;
}

int allocators_plan(struct elf_file *file, const struct allocator_options *options,
		    struct probe_plan **plan)
{
	struct probe_plan *made = calloc(1, sizeof(*made));
	struct candidates candidates = { 0 };
	int err = -ENOMEM;

	*plan = NULL;
	if (made)
		made->names = strings_new();
	if (made && made->names)
		err = candidates_find(file, options, &candidates);
	if (!err && candidates.count)
		err = fill_plan(file, &candidates, options->at_entry, made);
	candidates_clear(&candidates);
	if (err) {
		probe_plan_free(made);
		return err;
	}
	*plan = made;
	return 0;
}

void probe_plan_free(struct probe_plan *plan)
{
	if (!plan)
		return;
	free(plan->sites);
	strings_free(plan->names);
	free(plan);
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
