/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a run is failed for: rules over the findings of each process, less what is
 * tolerated. Plain data: made by the command line, applied by verdict.h.
 */
#ifndef LEAKTRACE_ANALYZE_GATE_H
#define LEAKTRACE_ANALYZE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct finding;
struct process_findings;
struct snapshot;

#define GATE_KIND_BYTES 32

/* So much of a kind; a limit that is not given holds for nothing. */
struct gate_amount {
	bool has_count;
	bool has_bytes;
	uint64_t count;
	uint64_t bytes;
};

/* "heap:definite>1KB": more than that in one process fails the run. */
struct gate_rule {
	char kind[GATE_KIND_BYTES]; /* a kind's name */
	unsigned classes;	    /* bits of enum leak_class, of kinds that have classes */
	bool any;		    /* what has no class, and threads that run, too */
	struct gate_amount limit;
};

/* "heap=1KB": what a user knows of, taken off before a rule looks. */
struct gate_tolerance {
	char kind[GATE_KIND_BYTES];
	struct gate_amount amount;
};

struct gate {
	struct gate_rule *rules;
	size_t rule_count;
	struct gate_tolerance *tolerances;
	size_t tolerance_count;
	bool judges_growth;	    /* over time */
	const char *const *growths; /* what has grown too much, in words */
	size_t growth_count;
	bool growth_is_known;	  /* it was watched for long enough */
	const char *const *calls; /* functions that must have been called often enough to tell */
	size_t call_count;
};

/* What one rule found in one process. */
struct gate_result {
	size_t kind;
	uint64_t count;
	uint64_t bytes;
	size_t site_count;
	const struct finding *largest; /* NULL: none */
	uint64_t unclassified;	       /* resources of which nobody knows whether they are lost */
};

/*
 * The rules of --check, for every kind that is traced: heap and a user's kinds by definite and
 * possible, descriptors and mappings that are held, threads that ended unjoined. Returns 0 or
 * -ENOMEM.
 */
int gate_add_all(struct gate *gate, const struct snapshot *snapshot);

/*
 * True when the rule fails the process. `*result` is filled in either case; a rule on a kind that
 * was not traced finds nothing.
 */
bool gate_judge(const struct gate *gate, const struct gate_rule *rule,
		const struct snapshot *snapshot, const struct process_findings *process,
		struct gate_result *result);

/* Whether the rule counts a finding of its kind, beyond what a baseline knows of. */
bool gate_finds(const struct gate_rule *rule, const struct finding *finding);

/* Releases what the struct holds. */
void gate_clear(struct gate *gate);

#endif
