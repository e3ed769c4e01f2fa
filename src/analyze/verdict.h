/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outcome of a run: a word, and the reasons for it with their numbers. */
#ifndef LEAKTRACE_ANALYZE_VERDICT_H
#define LEAKTRACE_ANALYZE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct finding;
struct findings;
struct gate;
struct gate_rule;
struct process;
struct process_findings;
struct scope_part;
struct scope_result;
struct scope_results;

enum verdict_word {
	VERDICT_NONE, /* no gate was asked for */
	VERDICT_CLEAN,
	VERDICT_LEAK,
	VERDICT_UNMEASURED,
};

struct verdict_reason {
	const char *id; /* stable: "leak", "unclassified", "no-allocator", a loss's name, ... */
	const char *text;
	uint64_t value; /* the number behind it: resources, processes, events */
	/* Of "leak" and "unclassified": */
	const struct process *process;	  /* NULL: the run */
	const struct gate_rule *rule;	  /* NULL: growth by entry */
	const struct scope_result *scope; /* of "grows-per-call", "grows-per-mark" */
	const struct scope_part *part;
	size_t kind;
	uint64_t bytes;
	size_t site_count;
	const struct finding *finding; /* the site that holds most, NULL: none */
};

/* A finding that a rule fails, or that grows by entry: once, under the first such reason. */
struct verdict_leak {
	const struct process_findings *process;
	const struct finding *finding;
	size_t reason; /* index */
};

struct verdict {
	enum verdict_word word;
	struct scope_results *scopes;
	bool has_gate;
	bool nothing_measured; /* of no process is anything known */
	struct verdict_reason *reasons;
	size_t reason_count;
	struct verdict_leak *leaks;
	size_t leak_count;
};

/*
 * `unmeasured` when no process could be measured (a reason per cause). Without rules `none`
 * else. With a gate: `unmeasured` as well when data was lost; `leak` when a rule fails a
 * process, or entries of a scope leave ever more behind; `unmeasured` when a process could not be
 * measured, or nobody knows whether its resources are lost; else `clean`. `judged`: all findings,
 * without a limit by number; they and the gate must outlive the result. Returns NULL when out of
 * memory.
 */
struct verdict *verdict_new(const struct findings *judged, const struct gate *gate);
/* Takes NULL. */
void verdict_free(struct verdict *verdict);

/* "clean", "leak", "unmeasured", "none" */
const char *verdict_word_name(enum verdict_word word);

#endif
