/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life of a snapshot and of its parts. */
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "model/estimate.h"
#include "util/array.h"
#include "util/strings.h"

struct snapshot *snapshot_new(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->strings = strings_new();
	if (!snapshot->strings) {
		free(snapshot);
		return NULL;
	}
	memcpy(snapshot->kinds, kind_table, sizeof(kind_table));
	snapshot->kind_count = KIND_CUSTOM;
	snapshot->traced[KIND_HEAP] = true;
	return snapshot;
}

static void process_clear(struct process *process)
{
	for (size_t i = 0; i < process->stack_count; i++) {
		free(process->stacks[i].ips);
		free(process->stacks[i].frames);
	}
	for (size_t i = 0; i < process->site_count; i++)
		site_clear(&process->sites[i]);
	free(process->mappings);
	free(process->stacks);
	free(process->sites);
	free(process->scopes);
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->process_count; i++)
		process_clear(&snapshot->processes[i]);
	free(snapshot->processes);
	free(snapshot->command);
	strings_free(snapshot->strings);
	free(snapshot);
}

struct process *snapshot_add_process(struct snapshot *snapshot)
{
	struct process *process =
		array_add(&snapshot->processes, &snapshot->process_count, sizeof(*process));

	if (process)
		process->measured = true;
	return process;
}

struct mapping *process_add_mapping(struct process *process)
{
	return array_add(&process->mappings, &process->mapping_count, sizeof(struct mapping));
}

struct stack *process_add_stack(struct process *process, const uint64_t *ips, uint32_t depth)
{
	uint64_t *copy = malloc(depth ? depth * sizeof(*ips) : 1);
	struct stack *stack;

	if (!copy)
		return NULL;
	stack = array_add(&process->stacks, &process->stack_count, sizeof(*stack));
	if (!stack) {
		free(copy);
		return NULL;
	}
	/* An empty stack may come without an array. */
	if (depth)
		memcpy(copy, ips, depth * sizeof(*ips));
	stack->ips = copy;
	stack->depth = depth;
	return stack;
}

struct site *process_add_site(struct process *process)
{
	struct site *site = array_add(&process->sites, &process->site_count, sizeof(*site));

	if (site) {
		site->leak_class = CLASS_UNCLASSIFIED;
		site->stack = SITE_NO_STACK;
		site->scope = SITE_NO_SCOPE;
	}
	return site;
}

struct scope *process_add_scope(struct process *process)
{
	return array_add(&process->scopes, &process->scope_count, sizeof(struct scope));
}

struct resource *site_add_resource(struct site *site)
{
	return array_add(&site->live, &site->live_count, sizeof(struct resource));
}

struct held *site_add_held(struct site *site)
{
	return array_add(&site->held, &site->held_count, sizeof(struct held));
}

void site_clear(struct site *site)
{
	free(site->live);
	free(site->held);
}

uint64_t site_sample_bytes(const struct site *site, uint64_t snapshot_sample_bytes)
{
	return site->kind == KIND_HEAP ? snapshot_sample_bytes : 0;
}

static void add_live(struct estimate *live, const struct site *site, uint64_t sample_bytes)
{
	if (!sample_bytes) {
		estimate_add_exact(live, site->live_count, site->live_bytes);
		return;
	}
	for (size_t i = 0; i < site->live_count; i++)
		estimate_add(live, site->live[i].size, sample_bytes);
}

void process_sum_totals(struct process *process, uint64_t sample_bytes)
{
	struct estimate live[KIND_MAX] = { 0 };
	uint64_t peak[KIND_MAX];

	for (int kind = 0; kind < KIND_MAX; kind++)
		peak[kind] = process->totals[kind].peak_bytes;
	memset(process->totals, 0, sizeof(process->totals));
	for (size_t i = 0; i < process->site_count; i++) {
		const struct site *site = &process->sites[i];
		struct totals *totals = &process->totals[site->kind];

		totals->acquired_count += site->acquired_count;
		totals->acquired_bytes += site->acquired_bytes;
		totals->released_count += site->released_count;
		totals->released_bytes += site->released_bytes;
		if (site->acquired_count)
			add_live(&live[site->kind], site, site_sample_bytes(site, sample_bytes));
	}
	for (int kind = 0; kind < KIND_MAX; kind++) {
		struct totals *totals = &process->totals[kind];

		totals->live_count = estimate_count(&live[kind]);
		totals->live_bytes = estimate_bytes(&live[kind]);
		totals->live_count_error = estimate_count_error(&live[kind]);
		totals->live_bytes_error = estimate_bytes_error(&live[kind]);

		totals->peak_bytes =
			peak[kind] > totals->live_bytes ? peak[kind] : totals->live_bytes;
	}
}

const char *leak_class_text(enum leak_class leak_class)
{
	static const char *const texts[CLASS_COUNT] = {
		[CLASS_DEFINITE] = "definitely lost",	 [CLASS_INDIRECT] = "indirectly lost",
		[CLASS_POSSIBLE] = "possibly lost",	 [CLASS_REACHABLE] = "still reachable",
		[CLASS_UNCLASSIFIED] = "not classified",
	};

	return texts[leak_class];
}

const char *leak_class_name(enum leak_class leak_class)
{
	static const char *const names[CLASS_COUNT] = {
		[CLASS_DEFINITE] = "definite",	       [CLASS_INDIRECT] = "indirect",
		[CLASS_POSSIBLE] = "possible",	       [CLASS_REACHABLE] = "reachable",
		[CLASS_UNCLASSIFIED] = "unclassified",
	};

	return names[leak_class];
}
