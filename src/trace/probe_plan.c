/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of a plan, and its places. Must not know what makes a good place (place.c)
 * nor how functions are chosen.
 */
#include "trace/probe_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "elf/elf_file.h"
#include "trace/allocator_table.h"
#include "trace/code.h"
#include "util/array.h"
#include "util/strings.h"

struct probe_plan *probe_plan_new(void)
{
	struct probe_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return NULL;
	plan->names = strings_new();
	if (plan->names)
		return plan;
	free(plan);
	return NULL;
}

void probe_plan_free(struct probe_plan *plan)
{
	if (!plan)
		return;
	free(plan->sites);
	strings_free(plan->names);
	free(plan);
}

int probe_plan_add(struct probe_plan *plan, const struct wire_probe *probe, const char *prefix,
		   const char *name, uint64_t address, uint64_t size_bytes)
{
	struct probe_site *site = array_add(&plan->sites, &plan->count, sizeof(*site));
	char *function;

	if (!site || asprintf(&function, "%s%s", prefix, name) < 0)
		return -ENOMEM;
	site->address = address;
	site->size_bytes = size_bytes;
	site->probe = *probe;
	site->function = strings_intern(plan->names, function);
	free(function);
	return site->function ? 0 : -ENOMEM;
}

static int compare_sites(const void *left, const void *right)
{
	const struct probe_site *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

/* Places the sites from `first` on that lie in one segment; returns how many, or -errno. */
static ssize_t place_segment(struct elf_file *file, const struct probe_plan *plan, size_t first,
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

static int place(struct elf_file *file, const struct probe_plan *plan,
		 const struct place_request *requests, struct placement *placements)
{
	for (size_t first = 0; first < plan->count;) {
		ssize_t placed = place_segment(file, plan, first, requests, placements);

		if (placed < 0)
			return (int)placed;
		first += (size_t)placed;
	}
	return 0;
}

int probe_plan_place(struct probe_plan *plan, struct elf_file *file, bool at_entry)
{
	/* One more than needed: calloc(0) may be NULL without being out of memory. */
	struct place_request *requests = calloc(plan->count + 1, sizeof(*requests));
	struct placement *placements = calloc(plan->count + 1, sizeof(*placements));
	int err = -ENOMEM;

	if (requests && placements) {
		if (plan->count)
			qsort(plan->sites, plan->count, sizeof(*plan->sites), compare_sites);
		for (size_t i = 0; i < plan->count; i++) {
			const struct probe_site *site = &plan->sites[i];

			requests[i] = (struct place_request){ site->address, site->size_bytes,
							      probe_argument_count(&site->probe) };
		}
		err = place(file, plan, requests, placements);
	}
	for (size_t i = 0; !err && i < plan->count; i++) {
		struct probe_site *site = &plan->sites[i];

		site->placement = placements[i];
		/* Registers are wanted as the caller left them. */
		if ((at_entry || site->probe.kind == WIRE_NO_KIND) &&
		    site->placement.address != site->address)
			site->placement = (struct placement){ site->address, false, PLACE_ASKED };
		site->file_offset = elf_file_offset_of(file, site->placement.address);
	}
	free(placements);
	free(requests);
	return err;
}
