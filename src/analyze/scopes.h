/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scope leaves behind, entry by entry: whether each more entry leaves more. A scope's
 * entries fall into rounds, each twice as long as the one before. What a cache, a pool or a
 * buffer keeps is of few rounds; what leaks is of all, in proportion to their entries.
 */
#ifndef LEAKTRACE_ANALYZE_SCOPES_H
#define LEAKTRACE_ANALYZE_SCOPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct findings;
struct finding;
struct process_findings;
struct scope;
struct scope_rounds;
struct snapshot;

#define SCOPE_ROUNDS_MAX 16

/* Of one round; 0 is the warm-up. */
struct scope_amount {
	uint64_t count;
	uint64_t bytes;
};

/* What is live of one call site, acquired inside the scope. */
struct scope_part {
	const struct finding *finding;
	struct scope_amount rounds[SCOPE_ROUNDS_MAX];
	bool grows;
	double count_per_entry; /* over the rounds that were compared */
	double bytes_per_entry;
};

enum scope_state {
	SCOPE_TOO_FEW, /* entries to tell */
	SCOPE_STEADY,
	SCOPE_GROWS,
};

struct scope_result {
	const struct process_findings *process;
	const struct scope *scope;
	enum scope_state state;
	uint64_t entries[SCOPE_ROUNDS_MAX]; /* by round */
	size_t round_count;		    /* rounds that were begun, the warm-up included */
	struct scope_part *parts;
	size_t part_count;
};

struct scope_results {
	struct scope_result *results; /* by process, then in the order of first entries */
	size_t count;
};

/* How many entries it takes to tell. */
uint64_t scope_entries_needed(const struct scope_rounds *rounds);

/*
 * Of the scopes of that name (NULL: of all) in processes that are not ignored. NULL when out of
 * memory; the findings must outlive the result.
 */
struct scope_results *scope_results_new(const struct findings *all, const char *name);
/* Takes NULL. */
void scope_results_free(struct scope_results *results);

/* What is live of a kind from one round. */
struct scope_amount scope_round_sum(const struct scope_result *result, size_t kind, size_t round);

/* Whether amounts by round are in proportion to its entries: they grow with each. */
bool scope_rounds_grow(const uint64_t *entries, const struct scope_amount *amounts, size_t rounds,
		       uint64_t first_round);

#endif
