/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how a rule is applied to a process. Must not know how rules are written. */
#include "analyze/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "model/snapshot.h"
#include "util/array.h"

#define LOST (1U << CLASS_DEFINITE | 1U << CLASS_POSSIBLE)

int gate_add_all(struct gate *gate, const struct snapshot *snapshot)
{
	for (size_t kind = 0; kind < snapshot->kind_count; kind++) {
		struct gate_rule *rule;

		/* Pages are told by who touched them, which is no leak of its own. */
		if (!snapshot->traced[kind] || kind == KIND_PAGES)
			continue;
		rule = array_add(&gate->rules, &gate->rule_count, sizeof(*rule));
		if (!rule)
			return -ENOMEM;
		*rule = (struct gate_rule){ .classes = LOST };
		strncpy(rule->kind, snapshot->kinds[kind].name, sizeof(rule->kind) - 1);
	}
	return 0;
}

static bool has_classes(size_t kind)
{
	return kind == KIND_HEAP || kind >= KIND_CUSTOM;
}

/* Threads that run are nobody's to join yet, unless there are ever more of them. */
static bool is_leak(const struct gate_rule *rule, const struct finding *finding)
{
	const struct site *site = finding->site;

	if (rule->any)
		return true;
	if (has_classes(site->kind))
		return site->leak_class != CLASS_UNCLASSIFIED &&
		       rule->classes & 1U << site->leak_class;
	return site->role != ROLE_RUNNING || finding->is_growing;
}

static bool is_unknown(const struct gate_rule *rule, const struct finding *finding)
{
	return !rule->any && has_classes(finding->site->kind) &&
	       finding->site->leak_class == CLASS_UNCLASSIFIED && !finding_is_recent(finding);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static bool is_beyond_known(const struct finding *finding)
{
	return finding->live_count > finding->known_count ||
	       finding->live_bytes > finding->known_bytes;
}

bool gate_finds(const struct gate_rule *rule, const struct finding *finding)
{
	return finding->live_count && is_leak(rule, finding) && is_beyond_known(finding);
}

static void add_finding(const struct finding *finding, struct gate_result *result,
			uint64_t *largest)
{
	uint64_t count = less(finding->live_count, finding->known_count);
	uint64_t bytes = less(finding->live_bytes, finding->known_bytes);

	result->count += count;
	result->bytes += bytes;
	result->site_count++;
	if (!result->largest || bytes + count > *largest) {
		*largest = bytes + count;
		result->largest = finding;
	}
}

static size_t kind_of(const struct snapshot *snapshot, const char *name)
{
	size_t kind = 0;

	while (kind < snapshot->kind_count && strcmp(snapshot->kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

/* Rule and tolerance add up, each in its unit. */
static void add_amount(struct gate_amount *sum, const struct gate_amount *amount)
{
	sum->has_count |= amount->has_count;
	sum->has_bytes |= amount->has_bytes;
	sum->count += amount->count;
	sum->bytes += amount->bytes;
}

static bool exceeds(const struct gate_result *result, const struct gate_amount *limit)
{
	return result->site_count && (!limit->has_count || result->count > limit->count) &&
	       (!limit->has_bytes || result->bytes > limit->bytes);
}

bool gate_judge(const struct gate *gate, const struct gate_rule *rule,
		const struct snapshot *snapshot, const struct process_findings *process,
		struct gate_result *result)
{
	struct gate_amount limit = rule->limit;
	uint64_t largest = 0;

	*result = (struct gate_result){ .kind = kind_of(snapshot, rule->kind) };
	for (size_t i = 0; i < process->finding_count; i++) {
		const struct finding *finding = &process->findings[i];

		if (finding->site->kind != result->kind || !finding->live_count)
			continue;
		if (is_unknown(rule, finding))
			result->unclassified += finding->live_count;
		else if (gate_finds(rule, finding))
			add_finding(finding, result, &largest);
	}
	for (size_t i = 0; i < gate->tolerance_count; i++)
		if (!strcmp(gate->tolerances[i].kind, rule->kind))
			add_amount(&limit, &gate->tolerances[i].amount);
	return exceeds(result, &limit);
}

void gate_clear(struct gate *gate)
{
	free(gate->rules);
	free(gate->tolerances);
	*gate = (struct gate){ 0 };
}
