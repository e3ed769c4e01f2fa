/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the lines of the kernel's site table to sites in fixed places. */
#include "trace/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/collect.h"
#include "trace/sampler_state.h"
#include "trace/tracer.h"
#include "util/array.h"
#include "util/clock.h"

struct sampler *sampler_new(struct processes *processes, struct tracer *tracer,
			    enum attach_mode mode)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));

	if (!sampler)
		return NULL;
	sampler->processes = processes;
	sampler->tracer = tracer;
	tracer_sites(tracer, &sampler->line_count);
	sampler->lines = calloc(sampler->line_count, sizeof(*sampler->lines));
	sampler->by_number = calloc(WIRE_SPACES, sizeof(struct space *));
	if (sampler->lines && sampler->by_number) {
		cost_begin(&sampler->cost, tracer, mode);
		return sampler;
	}
	sampler_free(sampler);
	return NULL;
}

void sampler_free(struct sampler *sampler)
{
	struct place *place, *next;

	if (!sampler)
		return;
	HASH_ITER(hh, sampler->by_key, place, next)
	{
		HASH_DEL(sampler->by_key, place);
		free(place);
	}
	cost_end(&sampler->cost);
	sample_figures_clear(sampler);
	sample_walk_clear(&sampler->walk);
	free(sampler->lines);
	free(sampler->by_number);
	free(sampler->sites);
	free(sampler->free_places);
	free(sampler);
}

/* ---- places -------------------------------------------------------------------- */

static bool new_place(struct sampler *sampler, uint32_t *index)
{
	if (sampler->free_count) {
		*index = sampler->free_places[--sampler->free_count];
		return true;
	}
	if (!array_add(&sampler->sites, &sampler->site_count, sizeof(*sampler->sites)))
		return false;
	*index = sampler->site_count - 1;
	return true;
}

uint32_t sampler_place(struct sampler *sampler, uint32_t process, uint32_t stack, uint32_t kind)
{
	struct place_key key = { .process = process, .stack = stack, .kind = kind };
	struct place *place;

	HASH_FIND(hh, sampler->by_key, &key, sizeof(key), place);
	if (place)
		return place->index;
	place = calloc(1, sizeof(*place));
	if (!place || !new_place(sampler, &place->index)) {
		free(place);
		return NO_PLACE;
	}
	place->key = key;
	HASH_ADD(hh, sampler->by_key, key, sizeof(place->key), place);
	if (!hash_has(place)) {
		free(place);
		return NO_PLACE;
	}
	sampler->sites[place->index] = (struct sampled_site){
		.serial = ++sampler->next_serial,
		.process = process,
		.stack = stack,
		.kind = kind,
	};
	return place->index;
}

/* Places of processes that have ended are free. */
static void drop_ended(struct sampler *sampler)
{
	struct place *place, *next;

	HASH_ITER(hh, sampler->by_key, place, next)
	{
		const struct process *process =
			&sampler->processes->snapshot->processes[place->key.process];
		uint32_t *slot;

		if (process->end == PROCESS_RUNNING)
			continue;
		slot = array_add(&sampler->free_places, &sampler->free_count, sizeof(*slot));
		if (!slot)
			return;
		*slot = place->index;
		sampler->sites[place->index] = (struct sampled_site){ 0 };
		HASH_DEL(sampler->by_key, place);
		free(place);
	}
}

/* ---- counters ------------------------------------------------------------------ */

static uint32_t place_of_line(struct sampler *sampler, const struct wire_site *line, size_t index)
{
	const struct space *space = sampler->by_number[line->space];
	uint32_t place = sampler_line_place(sampler, index, line->tag);

	if (place != NO_PLACE)
		return place;
	place = sampler_place_of(sampler, space, line->tag, line->check, line->kind);
	/* A stack that is still to come may be there the next time. */
	if (place != NO_PLACE && sampler->sites[place].stack != SITE_NO_STACK)
		sampler->lines[index] =
			(struct line_place){ line->tag, place, sampler->sites[place].serial };
	return place;
}

static int take_line(struct sampler *sampler, const struct wire_site *line, size_t index)
{
	struct sampled_site *site;
	uint32_t place;

	if (!(line->tag & WIRE_SITE_USED) || line->space >= WIRE_SPACES ||
	    !sampler->by_number[line->space] || line->kind == WIRE_MMAP ||
	    line->kind == WIRE_PAGES || line->kind >= sampler->processes->snapshot->kind_count ||
	    !sampler->processes->snapshot->traced[line->kind])
		return 0;
	place = place_of_line(sampler, line, index);
	if (place == NO_PLACE)
		return -ENOMEM;
	site = &sampler->sites[place];
	site->acquired_count +=
		collect_count(sampler->processes->snapshot, line, line->acquired_count);
	site->acquired_bytes += line->acquired_bytes;
	site->released_count +=
		collect_count(sampler->processes->snapshot, line, line->released_count);
	site->released_bytes += line->released_bytes;
	return 0;
}

/* Books that are kept on this side. */
static int take_books(struct sampler *sampler, const struct space *space, uint32_t kind,
		      const struct book_site *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct book_site *line = &lines[i];
		struct sampled_site *site;
		uint32_t place;

		if (line->role != ROLE_HELD)
			continue;
		place = sampler_place_of(sampler, space, line->tag, line->check, kind);
		if (place == NO_PLACE)
			return -ENOMEM;
		site = &sampler->sites[place];
		site->acquired_count += line->acquired_count;
		site->acquired_bytes += line->acquired_bytes;
		site->released_count += line->released_count;
		site->released_bytes += line->released_bytes;
	}
	return 0;
}

static int take_mappings(struct sampler *sampler, const struct space *space)
{
	const struct book_site *lines;
	size_t count;

	if (!space->mappings || !sampler->processes->snapshot->traced[KIND_MMAP])
		return 0;
	lines = space_mappings_sites(space->mappings, &count);
	return take_books(sampler, space, WIRE_MMAP, lines, count);
}

static int take_pages(struct sampler *sampler, const struct space *space)
{
	const struct book_site *lines;
	size_t count;

	if (!space->pages)
		return 0;
	space_pages_settle(space->pages, monotonic_ns() - SPACE_PAGES_IN_FLIGHT_NS);
	lines = space_pages_sites(space->pages, &count);
	return take_books(sampler, space, WIRE_PAGES, lines, count);
}

/*
 * A detached thread is nobody's to give back, and grows the process as long as it runs.
 * It is known for one by a look that began after it and did not find it live.
 */
static int take_threads(struct sampler *sampler, const struct space *space)
{
	const struct sample_walk *walk = &sampler->walk;
	struct space_task *task, *next;

	if (!sampler->processes->snapshot->traced[KIND_THREAD])
		return 0;
	HASH_ITER(hh, space->tasks.by_handle, task, next)
	{
		uint32_t place;

		if (task->state != WIRE_TASK_BEGAN || !walk->last_number ||
		    task->looked >= walk->last_number || task->began_ns >= walk->last_begin_ns)
			continue;
		place = sampler_place_of(sampler, space, task->tag, task->check, WIRE_THREAD);
		if (place == NO_PLACE)
			return -ENOMEM;
		sampler->sites[place].acquired_count++;
	}
	return 0;
}

static int take_sites(struct sampler *sampler)
{
	const struct wire_site *lines = tracer_sites(sampler->tracer, &sampler->line_count);
	struct space *space, *next;
	uint64_t events = 0, before = 0;
	int error = 0;

	for (size_t i = 0; i < sampler->site_count; i++) {
		struct sampled_site *site = &sampler->sites[i];

		before += site->acquired_count + site->released_count;
		site->acquired_count = site->acquired_bytes = 0;
		site->released_count = site->released_bytes = 0;
	}
	for (size_t i = 0; !error && i < sampler->line_count; i++)
		if (lines[i].tag)
			error = take_line(sampler, &lines[i], i);
	HASH_ITER(hh, sampler->processes->spaces, space, next)
	{
		if (!error && !space->ended)
			error = take_mappings(sampler, space) ?: take_pages(sampler, space)
					?: take_threads(sampler, space);
	}
	for (size_t i = 0; i < sampler->site_count; i++)
		events += sampler->sites[i].acquired_count + sampler->sites[i].released_count;
	if (events > before)
		sampler->events += events - before;
	return error;
}

int sampler_take(struct sampler *sampler, struct sample *sample)
{
	uint64_t start_ns = sampler->processes->start_ns;
	struct space *space, *next;
	int error;

	drop_ended(sampler);
	memset(sampler->by_number, 0, WIRE_SPACES * sizeof(struct space *));
	HASH_ITER(hh, sampler->processes->spaces, space, next)
	if (!space->ended)
		sampler->by_number[space->number] = space;
	*sample = (struct sample){
		.time_ns = monotonic_ns() - start_ns,
		.boot_ns = clock_ns(CLOCK_BOOTTIME),
	};
	error = take_sites(sampler);
	if (!error)
		error = sample_figures_take(sampler);
	cost_take(&sampler->cost, sampler->events);
	processes_read_losses(sampler->processes, sampler->tracer);
	sample->sites = sampler->sites;
	sample->site_count = sampler->site_count;
	sample->processes = sampler->sampled;
	sample->process_count = sampler->sampled_count;
	sample->events = sampler->events;
	sample->tracing_share = sampler->cost.share;
	return error;
}
