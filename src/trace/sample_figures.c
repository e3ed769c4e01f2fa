/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures of living processes: what /proc says, and sums over their sites. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/sampler_state.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/proc.h"

/* Reading shares takes at most such a part of the time. */
#define SHARES_PART 200
/* With more processes than this, the others' figures are not read. */
#define PROCESSES_READ 256

static struct figure_source *source_of(struct sampler *sampler, const struct space *space)
{
	uint32_t process = space->index;
	struct figure_source *source;
	struct proc_stat stat;

	HASH_FIND(hh, sampler->sources, &process, sizeof(process), source);
	if (source)
		return source;
	source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	source->process = process;
	source->proportional = FIGURE_UNKNOWN;
	source->unique = FIGURE_UNKNOWN;
	if (!proc_stat_read((pid_t)space->pid, &stat))
		source->started_ns = stat.start_ticks * (1000000000ULL / sysconf(_SC_CLK_TCK));
	HASH_ADD(hh, sampler->sources, process, sizeof(source->process), source);
	if (!hash_has(source)) {
		free(source);
		return NULL;
	}
	return source;
}

static void read_shares(struct figure_source *source, pid_t pid)
{
	uint64_t begin_ns = monotonic_ns(), end_ns;
	struct proc_shares shares;

	if (begin_ns < source->shares_due_ns)
		return;
	if (!proc_shares_read(pid, &shares)) {
		source->proportional = (int64_t)shares.proportional;
		source->unique = (int64_t)shares.unique;
	}
	end_ns = monotonic_ns();
	source->shares_due_ns = end_ns + (end_ns - begin_ns) * SHARES_PART;
}

static void read_process(struct figure_source *source, pid_t pid, struct figures *figures)
{
	struct proc_memory memory;
	struct proc_stat stat;
	int64_t fds = proc_fd_count(pid);

	read_shares(source, pid);
	figures->values[FIGURE_PSS] = source->proportional;
	figures->values[FIGURE_USS] = source->unique;
	if (!proc_memory_read(pid, &memory)) {
		figures->values[FIGURE_RSS] = (int64_t)memory.resident;
		figures->values[FIGURE_VMS] = (int64_t)memory.virtual;
	}
	if (!proc_stat_read(pid, &stat))
		figures->values[FIGURE_THREADS] = (int64_t)stat.threads;
	if (fds >= 0)
		figures->values[FIGURE_FDS] = fds;
}

static void drop_dead(struct sampler *sampler)
{
	struct figure_source *source, *next;

	HASH_ITER(hh, sampler->sources, source, next)
	{
		if (source->lives) {
			source->lives = false;
			continue;
		}
		HASH_DEL(sampler->sources, source);
		free(source);
	}
}

/* What is a sum over the live bytes of a kind's sites; -1: no figure is. */
static const int figure_of_kind[WIRE_KINDS] = {
	[WIRE_HEAP] = FIGURE_HEAP,
	[WIRE_MMAP] = FIGURE_MAPPED,
	[WIRE_FD] = -1,
	[WIRE_THREAD] = -1,
	[WIRE_PAGES] = FIGURE_PAGES,
	[WIRE_CUSTOM... WIRE_KINDS - 1] = -1,
};

static int compare_processes(const void *left, const void *right)
{
	const struct sampled_process *a = left, *b = right;

	return (a->process > b->process) - (a->process < b->process);
}

static struct sampled_process *find_sampled(struct sampler *sampler, uint32_t process)
{
	const struct sampled_process key = { .process = process };

	return sampler->sampled_count ? bsearch(&key, sampler->sampled, sampler->sampled_count,
						sizeof(key), compare_processes)
				      : NULL;
}

static void add_sites(struct sampler *sampler)
{
	struct sampled_process *process = NULL;

	for (size_t i = 0; i < sampler->site_count; i++) {
		const struct sampled_site *site = &sampler->sites[i];
		int64_t live = (int64_t)(site->acquired_bytes - site->released_bytes);

		if (!site->serial || figure_of_kind[site->kind] < 0)
			continue;
		if (!process || process->process != site->process)
			process = find_sampled(sampler, site->process);
		if (process)
			process->figures.values[figure_of_kind[site->kind]] += live;
	}
}

static int sample_process(struct sampler *sampler, const struct space *space)
{
	const bool *traced = sampler->processes->snapshot->traced;
	struct figure_source *source = source_of(sampler, space);
	struct sampled_process *sampled =
		source ? array_add(&sampler->sampled, &sampler->sampled_count, sizeof(*sampled))
		       : NULL;

	if (!sampled)
		return -ENOMEM;
	source->lives = true;
	*sampled = (struct sampled_process){
		.process = space->index,
		.pid = space->pid,
		.started_ns = source->started_ns,
	};
	for (int i = 0; i < FIGURE_COUNT; i++)
		sampled->figures.values[i] = FIGURE_UNKNOWN;
	if (sampler->sampled_count <= PROCESSES_READ)
		read_process(source, (pid_t)space->pid, &sampled->figures);
	for (int kind = 0; kind < WIRE_KINDS; kind++)
		if (traced[kind] && figure_of_kind[kind] >= 0)
			sampled->figures.values[figure_of_kind[kind]] = 0;
	return 0;
}

int sample_figures_take(struct sampler *sampler)
{
	struct space *space, *next;
	int error = 0;

	free(sampler->sampled);
	sampler->sampled = NULL;
	sampler->sampled_count = 0;
	HASH_ITER(hh, sampler->processes->spaces, space, next)
	{
		if (!error && !space->ended)
			error = sample_process(sampler, space);
	}
	if (sampler->sampled_count)
		qsort(sampler->sampled, sampler->sampled_count, sizeof(*sampler->sampled),
		      compare_processes);
	drop_dead(sampler);
	add_sites(sampler);
	return error;
}

void sample_figures_clear(struct sampler *sampler)
{
	struct figure_source *source, *next;

	HASH_ITER(hh, sampler->sources, source, next)
	{
		HASH_DEL(sampler->sources, source);
		free(source);
	}
	free(sampler->sampled);
	sampler->sampled = NULL;
}
