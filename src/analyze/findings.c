/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns how live resources become findings: which pass, which are added up. Must not
 * know how a snapshot was made nor how findings are shown.
 */
#include "analyze/findings.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/finding_order.h"
#include "model/snapshot.h"

static uint64_t age_ns(uint64_t born_ns, uint64_t now_ns)
{
	return now_ns > born_ns ? now_ns - born_ns : 0;
}

bool finding_filter_passes(const struct finding_filter *filter, const struct kind_info *kind,
			   const struct resource *resource, uint64_t now_ns)
{
	bool fits = resource->size >= filter->min_size &&
		    (!filter->max_size || resource->size <= filter->max_size);

	return (fits || !kind->has_bytes) &&
	       age_ns(resource->born_ns, now_ns) >= filter->min_age_ns;
}

uint64_t process_last_ns(const struct snapshot *snapshot, const struct process *process)
{
	return process->end == PROCESS_RUNNING ? snapshot->duration_ns : process->end_ns;
}

uint32_t stack_first_frame(const struct stack *stack)
{
	uint32_t skip = 0;

	/* The outermost frame stays whatever its name: it is all there is to show. */
	while (skip + 1 < stack->frame_count && frame_is_allocator(&stack->frames[skip]))
		skip++;
	return skip;
}

static void finding_set_stack(struct finding *finding, const struct stack *stack)
{
	uint32_t skip = stack_first_frame(stack);

	finding->frames = stack->frames ? stack->frames + skip : NULL;
	finding->frame_count = stack->frame_count - skip;
	finding->truncated = stack->truncated;
}

static void finding_add_live(struct finding *finding, const struct site *site,
			     const struct findings *findings, uint64_t now_ns)
{
	const struct kind_info *kind = &findings->snapshot->kinds[site->kind];
	const uint64_t sample_bytes = site_sample_bytes(site, findings->snapshot->sample_bytes);

	for (size_t i = 0; i < site->live_count; i++) {
		const struct resource *resource = &site->live[i];
		uint64_t age = age_ns(resource->born_ns, now_ns);

		if (!finding_filter_passes(&findings->filter, kind, resource, now_ns))
			continue;
		if (finding->live.count == 0 || age > finding->oldest_age_ns)
			finding->oldest_age_ns = age;
		if (finding->live.count == 0 || age < finding->newest_age_ns)
			finding->newest_age_ns = age;
		estimate_add(&finding->live, resource->size, sample_bytes);
	}
	finding->live_count = estimate_count(&finding->live);
	finding->live_bytes = estimate_bytes(&finding->live);
}

static void finding_of_site(struct finding *finding, const struct process *process,
			    const struct site *site)
{
	*finding = (struct finding){
		.process = process,
		.site = site,
		.acquired_count = site->acquired_count,
		.acquired_bytes = site->acquired_bytes,
		.lost_count = site->lost_count,
		.first_ns = site->first_ns,
		.last_ns = site->last_ns,
	};
	if (site->stack < process->stack_count)
		finding_set_stack(finding, &process->stacks[site->stack]);
}

/* Adds the finding of one more site at the same place. */
static void finding_join(struct finding *finding, const struct finding *other)
{
	finding->truncated |= other->truncated;
	finding->acquired_count += other->acquired_count;
	finding->acquired_bytes += other->acquired_bytes;
	finding->lost_count += other->lost_count;
	if (other->first_ns < finding->first_ns)
		finding->first_ns = other->first_ns;
	if (other->last_ns > finding->last_ns)
		finding->last_ns = other->last_ns;
}

/* What else is lost with a site's blocks. */
static void finding_add_held(struct finding *finding, const struct site *site)
{
	for (size_t i = 0; i < site->held_count; i++) {
		finding->held_count += site->held[i].count;
		finding->held_bytes += site->held[i].bytes;
	}
}

/* So many threads of one place are a pool, or the beginning of something. */
#define GROWING_THREADS_MIN 3

/*
 * Threads that are started again and again and run for ever: none from here has ended,
 * and they were started over more than half of the time that is looked at.
 */
static bool is_growing(const struct finding *finding, uint64_t now_ns)
{
	uint64_t start_ns = finding->process->start_ns;
	uint64_t span_ns = finding->oldest_age_ns - finding->newest_age_ns;

	return finding->site->role == ROLE_RUNNING && finding->live_count >= GROWING_THREADS_MIN &&
	       finding->live_count == finding->acquired_count &&
	       span_ns > (now_ns > start_ns ? now_ns - start_ns : 0) / 2;
}

/* Makes one finding of `count` at the same place. Returns false when out of memory. */
static bool finding_merge(struct finding *finding, const struct finding *same, size_t count,
			  const struct findings *findings)
{
	uint64_t now_ns = process_last_ns(findings->snapshot, same->process);

	*finding = *same;
	finding->sites = calloc(count, sizeof(*finding->sites));
	if (!finding->sites)
		return false;
	finding->site_count = count;
	for (size_t i = 0; i < count; i++) {
		finding->sites[i] = same[i].site;
		if (i)
			finding_join(finding, &same[i]);
		finding_add_live(finding, same[i].site, findings, now_ns);
		finding_add_held(finding, same[i].site);
	}
	finding->is_growing = is_growing(finding, now_ns);
	return true;
}

static void totals_add(struct finding_total *total, const struct finding *finding)
{
	if (!finding->live_count)
		return;
	total->site_count++;
	total->live_count += finding->live_count;
	total->live_bytes += finding->live_bytes;
}

static struct finding_total *part_of(struct kind_findings *kind, const struct finding *finding)
{
	return finding_is_recent(finding) ? &kind->recent
					  : &kind->classes[finding->site->leak_class];
}

static double finding_share(const struct finding *finding, const struct finding_total *totals,
			    const struct snapshot *snapshot)
{
	const struct finding_total *total = &totals[finding->site->kind];
	bool has_bytes = snapshot->kinds[finding->site->kind].has_bytes;
	uint64_t part = has_bytes ? finding->live_bytes : finding->live_count;
	uint64_t whole = has_bytes ? total->live_bytes : total->live_count;

	return whole ? (double)part / (double)whole : 0;
}

/* Whether the user accepts it; then it is counted there and nowhere else. */
static bool is_suppressed(struct process_findings *result, const struct finding *finding,
			  const struct findings *findings)
{
	const struct suppressions *suppressions = findings->filter.suppressions;
	const struct site *site = finding->site;
	struct suppress_query query = {
		.kind = findings->snapshot->kinds[site->kind].name,
		.leak_class = site->leak_class,
	};
	size_t index;

	if (!suppressions || !findings->suppressed || !finding->live_count ||
	    site->stack >= result->process->stack_count)
		return false;
	query.frames = result->process->stacks[site->stack].frames;
	query.frame_count = result->process->stacks[site->stack].frame_count;
	query.first = query.frame_count - finding->frame_count;
	index = suppressions_find(suppressions, &query);
	if (index == SUPPRESSION_NONE)
		return false;
	totals_add(&findings->suppressed[index], finding);
	totals_add(&result->suppressed[site->kind], finding);
	return true;
}

/* Merges neighbours of the sorted `single` findings, one per site, into `result`. */
static bool process_findings_merge(struct process_findings *result, const struct finding *single,
				   size_t count, const struct findings *findings)
{
	for (size_t first = 0, next; first < count; first = next) {
		bool is_leak = role_table[single[first].site->role].is_leak;
		struct finding *finding = is_leak ? &result->findings[result->finding_count]
						  : &result->others[result->other_count];

		for (next = first + 1; next < count; next++)
			if (finding_compare_places(&single[first], &single[next]) != 0)
				break;
		if (!finding_merge(finding, &single[first], next - first, findings))
			return false;
		if (is_leak && is_suppressed(result, finding, findings)) {
			free(finding->sites);
		} else if (finding->live_count && !is_leak) {
			result->other_count++;
		} else if (is_leak && (finding->live_count || finding->lost_count)) {
			totals_add(&result->totals[finding->site->kind], finding);
			totals_add(part_of(&result->kinds[finding->site->kind], finding), finding);
			result->finding_count++;
		} else {
			free(finding->sites);
		}
	}
	return true;
}

bool finding_is_recent(const struct finding *finding)
{
	return finding->process->scan.state == SCAN_DONE &&
	       finding->site->leak_class == CLASS_UNCLASSIFIED &&
	       finding->site->role == ROLE_HELD &&
	       (finding->site->kind == KIND_HEAP || finding->site->kind >= KIND_CUSTOM);
}

bool finding_is_shown(const struct finding_filter *filter, const struct finding *finding)
{
	if (finding_is_recent(finding))
		return filter->classes == CLASSES_ALL;
	return finding->site->leak_class == CLASS_UNCLASSIFIED ||
	       filter->classes & 1U << finding->site->leak_class;
}

/* Keeps the first `top` findings of each kind and class. */
static void process_findings_cut(struct process_findings *result,
				 const struct finding_filter *filter)
{
	size_t kept = 0, of_group = 0;

	for (size_t i = 0; filter->top && i < result->finding_count; i++) {
		struct finding *finding = &result->findings[i];

		if (!i || finding_compare_groups(finding, &result->findings[kept - 1]) != 0)
			of_group = 0;
		if (of_group++ < filter->top) {
			result->findings[kept++] = *finding;
			continue;
		}
		if (finding_is_shown(filter, finding)) {
			result->hidden_count++;
			result->hidden_bytes += finding->live_bytes;
		}
		free(finding->sites);
	}
	if (filter->top)
		result->finding_count = kept;
}

static bool process_findings_fill(struct process_findings *result, const struct findings *findings)
{
	const struct process *process = result->process;
	size_t count = process->site_count;
	struct finding *single;
	bool done;

	/* What a replaced image held went away with it. */
	if (!count || process->end == PROCESS_EXECED)
		return true;
	single = calloc(count, sizeof(*single));
	result->findings = calloc(count, sizeof(*result->findings));
	result->others = calloc(count, sizeof(*result->others));
	done = single && result->findings && result->others;
	if (done) {
		for (size_t i = 0; i < count; i++)
			finding_of_site(&single[i], process, &process->sites[i]);
		qsort(single, count, sizeof(*single), finding_compare_sites);
		/* To compare stacks takes time: once is enough. */
		for (size_t i = 0; i < count; i++)
			single[i].place = (uint32_t)i;
		done = process_findings_merge(result, single, count, findings);
	}
	free(single);
	if (!done)
		return false;
	for (size_t i = 0; i < result->finding_count; i++)
		result->findings[i].share =
			finding_share(&result->findings[i], result->totals, findings->snapshot);
	qsort(result->findings, result->finding_count, sizeof(*result->findings),
	      finding_orders[findings->filter.sort]);
	process_findings_cut(result, &findings->filter);
	return true;
}

static bool is_named(const struct process_globs *globs, const struct process *process)
{
	for (size_t i = 0; i < globs->count; i++)
		if (!fnmatch(globs->texts[i], process->comm, 0) ||
		    (process->exe && !fnmatch(globs->texts[i], process->exe, 0)))
			return true;
	return false;
}

static bool is_ignored(const struct finding_filter *filter, const struct process *process)
{
	return is_named(&filter->ignored, process) ||
	       (filter->only.count && !is_named(&filter->only, process));
}

struct findings *findings_new(const struct snapshot *snapshot, const struct finding_filter *filter)
{
	struct findings *findings = calloc(1, sizeof(*findings));

	if (!findings)
		return NULL;
	findings->snapshot = snapshot;
	findings->filter = *filter;
	if (filter->suppressions)
		findings->suppressed =
			calloc(filter->suppressions->count + 1, sizeof(*findings->suppressed));
	/* One more than needed: calloc(0) may be NULL without being out of memory. */
	findings->processes = calloc(snapshot->process_count + 1, sizeof(*findings->processes));
	if (!findings->processes || (filter->suppressions && !findings->suppressed)) {
		findings_free(findings);
		return NULL;
	}
	for (size_t i = 0; i < snapshot->process_count; i++) {
		struct process_findings *result = &findings->processes[i];

		result->process = &snapshot->processes[i];
		result->kinds = calloc(snapshot->kind_count, sizeof(*result->kinds));
		result->is_ignored = is_ignored(filter, result->process);
		findings->process_count++;
		if (!result->kinds ||
		    (!result->is_ignored && !process_findings_fill(result, findings))) {
			findings_free(findings);
			return NULL;
		}
	}
	return findings;
}

void findings_free(struct findings *findings)
{
	if (!findings)
		return;
	for (size_t i = 0; i < findings->process_count; i++) {
		struct process_findings *result = &findings->processes[i];

		for (size_t j = 0; j < result->finding_count; j++)
			free(result->findings[j].sites);
		for (size_t j = 0; j < result->other_count; j++)
			free(result->others[j].sites);
		free(result->findings);
		free(result->others);
		free(result->kinds);
	}
	free(findings->processes);
	free(findings->suppressed);
	free(findings);
}
