/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns how live resources become findings: which pass, which call sites are one,
 * in which order they come. Must not know how a snapshot was made nor how
 * findings are shown.
 */
#include "analyze/findings.h"

#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Interned strings: equal ones are equal pointers, so most calls end at the first line. */
static int compare_text(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

static const char *module_identity(const struct frame *frame)
{
	return frame->build_id ? frame->build_id : frame->module;
}

/*
 * Equal for frames that a reader could not tell apart. Addresses only count where
 * there is no module to place them in: the same file may be mapped twice.
 */
static int compare_frames(const struct frame *a, const struct frame *b)
{
	int order = compare_text(a->function, b->function);

	if (!order)
		order = compare_text(module_identity(a), module_identity(b));
	if (!order)
		order = compare_u64(a->offset, b->offset);
	if (!order)
		order = compare_text(a->file, b->file);
	if (!order)
		order = compare_u64(a->line, b->line);
	if (!order)
		order = compare_u64(a->inlined, b->inlined);
	if (!order && !module_identity(a))
		order = compare_u64(a->ip, b->ip);
	return order;
}

/* Zero when two findings are to be one. */
static int compare_places(const struct finding *a, const struct finding *b)
{
	int order = compare_u64(a->site->kind, b->site->kind);

	if (!order)
		order = compare_u64(a->site->role, b->site->role);
	if (!order)
		order = compare_u64(a->site->leak_class, b->site->leak_class);
	for (uint32_t i = 0; !order && i < a->frame_count && i < b->frame_count; i++)
		order = compare_frames(&a->frames[i], &b->frames[i]);
	if (!order)
		order = compare_u64(a->frame_count, b->frame_count);
	return order;
}

static int compare_sites(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = compare_places(a, b);

	return order ? order : (a->site > b->site) - (a->site < b->site);
}

/* Kinds and classes stand together, the worst first. */
static int compare_groups(const struct finding *a, const struct finding *b)
{
	int order = compare_u64(a->site->kind, b->site->kind);

	return order ? order : compare_u64(a->site->leak_class, b->site->leak_class);
}

static int compare_bytes(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = compare_groups(a, b);

	if (!order)
		order = compare_u64(b->live_bytes + b->held_bytes, a->live_bytes + a->held_bytes);
	if (!order)
		order = compare_u64(b->live_count, a->live_count);
	return order ? order : compare_sites(a, b);
}

static int compare_counts(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = compare_groups(a, b);

	if (!order)
		order = compare_u64(b->live_count, a->live_count);
	return order ? order : compare_bytes(a, b);
}

static int compare_ages(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = compare_groups(a, b);

	if (!order)
		order = compare_u64(b->oldest_age_ns, a->oldest_age_ns);
	return order ? order : compare_bytes(a, b);
}

static int (*const sort_orders[])(const void *, const void *) = {
	[SORT_BYTES] = compare_bytes,
	[SORT_COUNT] = compare_counts,
	[SORT_AGE] = compare_ages,
};

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

	for (size_t i = 0; i < site->live_count; i++) {
		const struct resource *resource = &site->live[i];
		uint64_t age = age_ns(resource->born_ns, now_ns);

		if (!finding_filter_passes(&findings->filter, kind, resource, now_ns))
			continue;
		if (!finding->live_count || age > finding->oldest_age_ns)
			finding->oldest_age_ns = age;
		if (!finding->live_count || age < finding->newest_age_ns)
			finding->newest_age_ns = age;
		finding->live_count++;
		finding->live_bytes += resource->size;
	}
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

/* Merges neighbours of the sorted `single` findings, one per site, into `result`. */
static bool process_findings_merge(struct process_findings *result, const struct finding *single,
				   size_t count, const struct findings *findings)
{
	for (size_t first = 0, next; first < count; first = next) {
		bool is_leak = role_table[single[first].site->role].is_leak;
		struct finding *finding = is_leak ? &result->findings[result->finding_count]
						  : &result->others[result->other_count];

		for (next = first + 1; next < count; next++)
			if (compare_places(&single[first], &single[next]) != 0)
				break;
		if (!finding_merge(finding, &single[first], next - first, findings))
			return false;
		if (finding->live_count && !is_leak) {
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

		if (!i || compare_groups(finding, &result->findings[kept - 1]) != 0)
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
		qsort(single, count, sizeof(*single), compare_sites);
		done = process_findings_merge(result, single, count, findings);
	}
	free(single);
	if (!done)
		return false;
	for (size_t i = 0; i < result->finding_count; i++)
		result->findings[i].share =
			finding_share(&result->findings[i], result->totals, findings->snapshot);
	qsort(result->findings, result->finding_count, sizeof(*result->findings),
	      sort_orders[findings->filter.sort]);
	process_findings_cut(result, &findings->filter);
	return true;
}

struct findings *findings_new(const struct snapshot *snapshot, const struct finding_filter *filter)
{
	struct findings *findings = calloc(1, sizeof(*findings));

	if (!findings)
		return NULL;
	findings->snapshot = snapshot;
	findings->filter = *filter;
	/* One more than needed: calloc(0) may be NULL without being out of memory. */
	findings->processes = calloc(snapshot->process_count + 1, sizeof(*findings->processes));
	if (!findings->processes) {
		findings_free(findings);
		return NULL;
	}
	for (size_t i = 0; i < snapshot->process_count; i++) {
		struct process_findings *result = &findings->processes[i];

		result->process = &snapshot->processes[i];
		result->kinds = calloc(snapshot->kind_count, sizeof(*result->kinds));
		findings->process_count++;
		if (!result->kinds || !process_findings_fill(result, findings)) {
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
	free(findings);
}
