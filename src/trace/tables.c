/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables that the kernel and we share by memory: access, and taking out what
 * has ended. Knows their layout (wire.h); not how they were loaded.
 */
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "trace/tracer.h"
#include "trace/tracer_tables.h"

const struct wire_site *tracer_sites(const struct tracer *tracer, size_t *count)
{
	*count = tracer->site_count;
	return tracer->sites;
}

bool tracer_traces(const struct tracer *tracer, uint32_t kind)
{
	bool traced = tracer->traced[kind];

	for (uint32_t i = WIRE_CUSTOM; kind == WIRE_CUSTOM && i < WIRE_KINDS; i++)
		traced |= tracer->traced[i];
	return traced;
}

const struct wire_bucket *tracer_buckets(const struct tracer *tracer, size_t *count)
{
	*count = tracer->bucket_count;
	return tracer->buckets;
}

const struct wire_space *tracer_space(const struct tracer *tracer, uint32_t space)
{
	return space < WIRE_SPACES ? &tracer->spaces[space] : NULL;
}

void tracer_each_spilled(struct tracer *tracer,
			 void (*visit)(const struct wire_spill_key *key,
				       const struct wire_live *value, void *context),
			 void *context)
{
	int fd = tracer->spill_fd;
	struct wire_spill_key key, *previous = NULL;
	struct wire_live value;

	while (!bpf_map_get_next_key(fd, previous, &key)) {
		if (!bpf_map_lookup_elem(fd, &key, &value))
			visit(&key, &value, context);
		previous = &key;
	}
}

/* Membership by space number, one byte each. */
static uint8_t *space_set(const uint32_t *spaces, size_t count)
{
	uint8_t *set = calloc(WIRE_SPACES, 1);

	for (size_t i = 0; set && i < count; i++)
		if (spaces[i] < WIRE_SPACES)
			set[spaces[i]] = 1;
	return set;
}

static void forget_spilled(struct tracer *tracer, const uint8_t *set)
{
	int fd = tracer->spill_fd;
	struct wire_spill_key key, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);

	while (more) {
		key = next;
		more = !bpf_map_get_next_key(fd, &key, &next);
		if (key.space < WIRE_SPACES && set[key.space])
			bpf_map_delete_elem(fd, &key);
	}
}

/*
 * No thread of an ended space runs, so nobody else writes these records. A
 * bucket's count of spilled keys stays too high: that costs a look, no more.
 */
void tracer_forget_spaces(struct tracer *tracer, const uint32_t *spaces, size_t count)
{
	uint8_t *set = space_set(spaces, count);

	if (!set)
		return;
	for (size_t i = 0; i < tracer->bucket_count; i++) {
		uint64_t *keys = tracer->buckets[i].keys;

		for (int slot = 0; slot < WIRE_BUCKET_KEYS; slot++) {
			uint64_t key = __atomic_load_n(&keys[slot], __ATOMIC_ACQUIRE);

			if (key && set[key >> WIRE_KEY_SPACE_SHIFT & WIRE_KEY_SPACE_MASK])
				__atomic_compare_exchange_n(&keys[slot], &key, 0, false,
							    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
		}
	}
	for (size_t i = 0; i < tracer->site_count; i++) {
		struct wire_site *site = &tracer->sites[i];

		if (site->tag & WIRE_SITE_USED && set[site->space & (WIRE_SPACES - 1)])
			__atomic_store_n(&site->tag, 0, __ATOMIC_RELEASE);
	}
	forget_spilled(tracer, set);
	/* A space that gets the number next has other code at the same addresses. */
	tracer_clear_pc_cache(tracer);
	for (size_t i = 0; i < count; i++) {
		if (spaces[i] >= WIRE_SPACES)
			continue;
		bpf_map_delete_elem(tracer->inherited_fds_fd, &spaces[i]);
		memset(&tracer->spaces[spaces[i]], 0, sizeof(tracer->spaces[0]));
		bpf_map_update_elem(tracer->free_spaces_fd, NULL, &spaces[i], BPF_ANY);
	}
	free(set);
}

void tracer_forget_kind(struct tracer *tracer, uint32_t kind)
{
	for (size_t i = 0; i < tracer->bucket_count * WIRE_BUCKET_KEYS; i++) {
		uint64_t *slot = &tracer->buckets[i / WIRE_BUCKET_KEYS].keys[i % WIRE_BUCKET_KEYS];
		uint64_t key = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

		if (key && (key >> WIRE_KEY_KIND_SHIFT & (WIRE_KEY_KINDS - 1)) == kind)
			__atomic_compare_exchange_n(slot, &key, 0, false, __ATOMIC_RELEASE,
						    __ATOMIC_RELAXED);
	}
	for (size_t i = 0; i < tracer->site_count; i++) {
		struct wire_site *site = &tracer->sites[i];

		if (site->tag & WIRE_SITE_USED && site->kind == kind)
			__atomic_store_n(&site->tag, 0, __ATOMIC_RELEASE);
	}
}

struct wire_rule *tracer_rules(const struct tracer *tracer)
{
	return tracer->rules;
}

struct wire_mapping *tracer_mappings(const struct tracer *tracer)
{
	return tracer->mappings;
}

void tracer_set_mappings(struct tracer *tracer, uint32_t space, uint32_t first, uint32_t count)
{
	if (space < WIRE_SPACES)
		__atomic_store_n(&tracer->spaces[space].mappings, wire_mappings_pack(first, count),
				 __ATOMIC_RELEASE);
}

void tracer_clear_pc_cache(struct tracer *tracer)
{
	memset(tracer->pc_cache, 0, WIRE_PC_CACHE * sizeof(uint64_t));
}

void tracer_set_linked(struct tracer *tracer, uint32_t space)
{
	if (space < WIRE_SPACES)
		__atomic_store_n(&tracer->spaces[space].linking, 0, __ATOMIC_RELEASE);
}

int tracer_set_inherited(struct tracer *tracer, uint32_t space, const uint64_t *words)
{
	return bpf_map_update_elem(tracer->inherited_fds_fd, &space, words, BPF_ANY);
}

void tracer_set_generation(struct tracer *tracer, uint32_t space, uint32_t generation)
{
	if (space < WIRE_SPACES)
		__atomic_store_n(&tracer->spaces[space].generation, generation, __ATOMIC_RELEASE);
}
