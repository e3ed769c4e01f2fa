/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how samples become series. */
#include "live/growth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/own_frame.h"
#include "analyze/roles.h"
#include "live/figure_history.h"
#include "model/snapshot.h"

struct growth *growth_new(const struct snapshot *snapshot)
{
	struct growth *growth = calloc(1, sizeof(*growth));

	if (!growth)
		return NULL;
	growth->snapshot = snapshot;
	growth->tracing_share = -1;
	figure_history_begin(&growth->total);
	return growth;
}

void growth_free(struct growth *growth)
{
	if (!growth)
		return;
	for (size_t i = 0; i < growth->part_count; i++)
		free(growth->parts[i].history);
	for (size_t i = 0; i < growth->process_count; i++)
		free(growth->processes[i]);
	free(growth->processes);
	free(growth->parts);
	free(growth);
}

/* What was before a kind was traced is no part of its growth. */
static double cut_before(const struct growth *growth, uint32_t kind, double seconds)
{
	return fmin(seconds, (double)(growth->time_ns - growth->kind_ns[kind]) / 1e9);
}

bool growth_window(const struct growth *growth, uint32_t kind, size_t *index, double *seconds)
{
	double now = (double)growth->time_ns / 1e9;
	uint64_t first =
		growth->window_count > WINDOW_POINTS ? growth->window_count - WINDOW_POINTS : 0;

	for (uint64_t i = first; i < growth->window_count; i++) {
		*index = i % WINDOW_POINTS;
		*seconds = now - growth->window_times[*index];
		if (*seconds > 0 && *seconds < WINDOW_SECONDS * 1.05) {
			*seconds = cut_before(growth, kind, *seconds);
			return *seconds > 0;
		}
	}
	return false;
}

/* A point of the window each second, or with each sample when these are rarer. */
static bool window_moves(struct growth *growth)
{
	static const double spacing = (double)WINDOW_SECONDS / (WINDOW_POINTS - 2);
	double now = (double)growth->time_ns / 1e9;
	size_t last = (growth->window_count + WINDOW_POINTS - 1) % WINDOW_POINTS;

	if (growth->window_count && now - growth->window_times[last] < spacing * 0.95)
		return false;
	growth->window_times[growth->window_count++ % WINDOW_POINTS] = now;
	return true;
}

/* ---- call sites ---------------------------------------------------------------------- */

static int make_room(struct growth *growth, size_t count)
{
	size_t room = growth->part_count ? growth->part_count : 64;
	struct part *parts;

	if (count <= growth->part_count)
		return 0;
	while (room < count)
		room *= 2;
	parts = reallocarray(growth->parts, room, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	memset(parts + growth->part_count, 0, (room - growth->part_count) * sizeof(*parts));
	growth->parts = parts;
	growth->part_count = room;
	return 0;
}

bool growth_counts_only(const struct growth *growth, uint32_t kind)
{
	return !kind_bytes_matter(growth->snapshot->kinds, kind);
}

int64_t growth_live(const struct growth *growth, uint32_t kind, const struct counters *counters)
{
	return growth_counts_only(growth, kind) ? counters_live_count(counters)
						: counters_live_bytes(counters);
}

static void part_begin(const struct growth *growth, struct part *part,
		       const struct sampled_site *site)
{
	free(part->history);
	*part = (struct part){
		.serial = site->serial,
		.process = site->process,
		.stack = site->stack,
		.kind = site->kind,
		.seen_ns = growth->time_ns,
	};
}

/* Most sites never change once a program runs: they need no history. */
static void history_begin(const struct growth *growth, struct part *part, float before)
{
	part->history = calloc(TIMELINE_POINTS, sizeof(*part->history));
	for (size_t i = 0; part->history && i < growth->timeline.count; i++)
		if (growth->timeline.times[i] * 1e9 >= (double)part->seen_ns)
			part->history[i] = before;
}

static void part_update(const struct growth *growth, struct part *part,
			const struct sampled_site *site, enum timeline_change change)
{
	float before = (float)growth_live(growth, part->kind, &part->now), value;

	part->now = (struct counters){
		.acquired_count = site->acquired_count,
		.acquired_bytes = site->acquired_bytes,
		.released_count = site->released_count,
		.released_bytes = site->released_bytes,
	};
	part->oldest_ns = site->oldest_ns;
	value = (float)growth_live(growth, part->kind, &part->now);
	if (part->history && change == TIMELINE_HALVES)
		timeline_halve(part->history);
	if (!part->history && value != before && part->seen_ns != growth->time_ns)
		history_begin(growth, part, before);
	if (part->history && change != TIMELINE_SKIPS)
		part->history[growth->timeline.count - 1] = value;
}

static int update_parts(struct growth *growth, const struct sample *sample,
			enum timeline_change change, bool moves)
{
	size_t slot = (growth->window_count + WINDOW_POINTS - 1) % WINDOW_POINTS;
	int error = make_room(growth, sample->site_count);

	for (size_t i = 0; !error && i < sample->site_count; i++) {
		const struct sampled_site *site = &sample->sites[i];
		struct part *part = &growth->parts[i];

		if (part->serial != site->serial)
			part_begin(growth, part, site);
		if (!part->serial)
			continue;
		part_update(growth, part, site, change);
		if (moves)
			part->window[slot] = part->now;
	}
	return error;
}

static uint64_t mix(uint64_t key, uint64_t value)
{
	key = (key ^ value) * 0x9fb21c651e98df25ULL;
	return key ^ key >> 29;
}

/* Texts are interned: equal ones have one address. */
static uint64_t key_of_frames(const struct frame *frames, uint32_t count)
{
	uint64_t key = count;

	for (uint32_t i = 0; i < count; i++) {
		const struct frame *frame = &frames[i];

		key = mix(key, (uintptr_t)frame->module);
		key = mix(key, (uintptr_t)frame->function);
		key = mix(key, (uintptr_t)frame->file);
		key = mix(key, frame->line);
		if (!frame->function || !frame->line)
			key = mix(key, frame->offset);
	}
	return key;
}

static void part_name(const struct snapshot *snapshot, struct part *part)
{
	const struct process *process = &snapshot->processes[part->process];
	const struct stack *stack;

	if (part->stack >= process->stack_count || !process->stacks[part->stack].frames)
		return;
	stack = &process->stacks[part->stack];
	part->frames = stack->frames;
	part->frame_count = stack->frame_count;
	part->truncated = stack->truncated;
	part->own = own_frame(part->frames, part->frame_count);
	part->thread = thread_frame(part->frames, part->frame_count);
	part->name_key = key_of_frames(part->frames, part->frame_count);
	part->is_hidden = part->kind == KIND_MMAP && roles_of_stack(stack) != ROLE_HELD;
}

void growth_take_names(struct growth *growth)
{
	for (size_t i = 0; i < growth->part_count; i++)
		if (growth->parts[i].serial && !growth->parts[i].frames)
			part_name(growth->snapshot, &growth->parts[i]);
}

/* ---- processes ------------------------------------------------------------------------ */

static int compare_process(const void *key, const void *element)
{
	uint32_t process = *(const uint32_t *)key;
	const struct watched_process *const *watched = element;

	return (process > (*watched)->process) - (process < (*watched)->process);
}

/* Later ones have higher numbers, so they stay in order as they are added. */
static struct watched_process *find_process(struct growth *growth, uint32_t process)
{
	struct watched_process **found =
		growth->process_count ? bsearch(&process, growth->processes, growth->process_count,
						sizeof(*growth->processes), compare_process)
				      : NULL;

	return found ? *found : NULL;
}

static struct watched_process *add_process(struct growth *growth,
					   const struct sampled_process *sampled)
{
	struct watched_process *watched = calloc(1, sizeof(*watched));
	struct watched_process **slots = reallocarray(growth->processes, growth->process_count + 1,
						      sizeof(struct watched_process *));

	if (slots)
		growth->processes = slots;
	if (!slots || !watched) {
		free(watched);
		return NULL;
	}
	watched->process = sampled->process;
	watched->pid = sampled->pid;
	watched->started_ns = sampled->started_ns;
	figure_history_begin(&watched->history);
	growth->processes[growth->process_count++] = watched;
	return watched;
}

static void drop_ended(struct growth *growth)
{
	size_t kept = 0;

	for (size_t i = 0; i < growth->process_count; i++) {
		if (growth->processes[i]->lives)
			growth->processes[kept++] = growth->processes[i];
		else
			free(growth->processes[i]);
	}
	growth->process_count = kept;
}

static int update_processes(struct growth *growth, const struct sample *sample,
			    enum timeline_change change, bool moves)
{
	struct figures total;

	for (int i = 0; i < FIGURE_COUNT; i++)
		total.values[i] = FIGURE_UNKNOWN;
	for (size_t i = 0; i < growth->process_count; i++)
		growth->processes[i]->lives = false;
	for (size_t i = 0; i < sample->process_count; i++) {
		const struct sampled_process *sampled = &sample->processes[i];
		struct watched_process *watched = find_process(growth, sampled->process);

		if (!watched)
			watched = add_process(growth, sampled);
		if (!watched)
			return -ENOMEM;
		watched->lives = true;
		watched->comm = growth->snapshot->processes[sampled->process].comm;
		figure_history_add(&watched->history, growth, &sampled->figures, change, moves);
		figures_sum(&total, &sampled->figures);
	}
	drop_ended(growth);
	figure_history_add(&growth->total, growth, &total, change, moves);
	return 0;
}

int growth_update(struct growth *growth, const struct sample *sample)
{
	double seconds = (double)(sample->time_ns - growth->time_ns) / 1e9;
	enum timeline_change change;
	bool moves;

	for (int i = 0; i < KIND_MAX; i++) {
		if (!growth->snapshot->traced[i])
			growth->kind_ns[i] = 0;
		else if (!growth->kind_ns[i])
			growth->kind_ns[i] = growth->time_ns + 1;
	}
	growth->events_per_s =
		seconds > 0 ? (double)(sample->events - growth->events) / seconds : 0;
	growth->events = sample->events;
	growth->tracing_share = sample->tracing_share;
	growth->time_ns = sample->time_ns;
	growth->boot_ns = sample->boot_ns;
	change = timeline_add(&growth->timeline, (double)sample->time_ns / 1e9);
	moves = window_moves(growth);
	return update_parts(growth, sample, change, moves)
		       ?: update_processes(growth, sample, change, moves);
}

/* ---- the mark --------------------------------------------------------------------------- */

void growth_mark(struct growth *growth)
{
	growth->mark_ns = growth->time_ns;
	for (size_t i = 0; i < growth->part_count; i++)
		growth->parts[i].marked = growth->parts[i].now;
	for (size_t i = 0; i < growth->process_count; i++)
		growth->processes[i]->history.marked = growth->processes[i]->history.now;
	growth->total.marked = growth->total.now;
}

void growth_unmark(struct growth *growth)
{
	growth->mark_ns = 0;
	for (size_t i = 0; i < growth->part_count; i++)
		growth->parts[i].marked = (struct counters){ 0 };
	for (size_t i = 0; i < growth->process_count; i++)
		growth->processes[i]->history.marked = growth->processes[i]->history.first;
	growth->total.marked = growth->total.first;
}

const struct figure_history *growth_history(const struct growth *growth,
					    const struct watched_process *process)
{
	return process ? &process->history : &growth->total;
}
