/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/cost.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "trace/tracer.h"
#include "util/clock.h"
#include "util/proc.h"

/* The first sample is measured, then one of so many. */
#define MEASURE_EVERY 10
#define TRAP_CALLS 2000

/* Programs on probes, whose every run is a trap; the others are called by the kernel. */
static const struct {
	enum tracer_program program;
	bool is_trap;
} programs[] = {
	{ TRACER_ACQUIRE, true },   { TRACER_ACQUIRE_RETURN, true }, { TRACER_RELEASE, true },
	{ TRACER_LIBRARIES, true }, { TRACER_SYSCALL_ENTER, false }, { TRACER_SYSCALL_EXIT, false },
	{ TRACER_FORK, false },	    { TRACER_EXEC, false },	     { TRACER_EXIT, false },
	{ TRACER_PAGE, false },
};

/* Begins with an instruction that the kernel emulates, as the chosen places do. */
__attribute__((noinline, used)) static void trap_here(void)
{
	__asm__ volatile("nop" ::: "memory");
}

/* Returns 0 or -errno. */
static int own_offset(uint64_t address, uint64_t *offset)
{
	struct proc_map *maps;
	size_t count;
	int error = proc_maps_read(getpid(), &maps, &count);

	if (error)
		return error;
	error = -ENOENT;
	for (size_t i = 0; i < count; i++) {
		if (address < maps[i].start || address >= maps[i].end)
			continue;
		*offset = address - maps[i].start + maps[i].offset;
		error = 0;
	}
	proc_maps_free(maps, count);
	return error;
}

static int attach_here(struct cost *cost, enum attach_mode mode)
{
	struct attach_point point = { 0 };
	struct attach_request request = {
		.program_fd = tracer_program_fd(cost->tracer, TRACER_LIBRARIES),
		/* What has no return needs no session. */
		.mode = mode == ATTACH_SESSION ? ATTACH_MULTI : mode,
		.pid = getpid(),
		.points = &point,
		.count = 1,
	};
	int error = own_offset((uint64_t)(uintptr_t)trap_here, &point.file_offset);

	if (error)
		return error;
	request.file_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (request.file_fd < 0)
		return -errno;
	error = attach_uprobes(&request, &cost->links);
	close(request.file_fd);
	return error;
}

/* What all programs have taken so far, while the kernel measures. */
static void read_runs(const struct tracer *tracer, uint64_t *run_ns, uint64_t *trap_count)
{
	*run_ns = 0;
	*trap_count = 0;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		int fd = tracer_program_fd(tracer, programs[i].program);
		struct bpf_prog_info info = { 0 };
		uint32_t bytes = sizeof(info);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &bytes))
			continue;
		*run_ns += info.run_time_ns;
		*trap_count += programs[i].is_trap ? info.run_cnt : 0;
	}
}

static void measure_begin(struct cost *cost)
{
	cost->statistics_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (cost->statistics_fd >= 0)
		read_runs(cost->tracer, &cost->run_ns, &cost->trap_count);
}

/* What a call takes with the probe on it, less what the program itself takes. */
static void measure_trap(struct cost *cost)
{
	uint64_t begin, run_ns, trap_count;

	measure_begin(cost);
	begin = monotonic_ns();
	for (int i = 0; i < TRAP_CALLS; i++)
		trap_here();
	cost->trap_ns = (double)(monotonic_ns() - begin) / TRAP_CALLS;
	if (cost->statistics_fd < 0)
		return;
	read_runs(cost->tracer, &run_ns, &trap_count);
	cost->trap_ns -= (double)(run_ns - cost->run_ns) / TRAP_CALLS;
	close(cost->statistics_fd);
	cost->statistics_fd = -1;
}

void cost_begin(struct cost *cost, const struct tracer *tracer, enum attach_mode mode)
{
	*cost = (struct cost){
		.tracer = tracer,
		.trap_ns = -1,
		.event_ns = -1,
		.share = -1,
		.statistics_fd = -1,
		.last_ns = monotonic_ns(),
	};
	if (!attach_here(cost, mode))
		measure_trap(cost);
	/* Left where it is: to take a probe out costs more time than it does. */
}

static void measure_end(struct cost *cost, uint64_t events)
{
	uint64_t run_ns, trap_count;
	double ns;

	read_runs(cost->tracer, &run_ns, &trap_count);
	close(cost->statistics_fd);
	cost->statistics_fd = -1;
	ns = (double)(run_ns - cost->run_ns);
	if (cost->trap_ns > 0)
		ns += cost->trap_ns * (double)(trap_count - cost->trap_count);
	if (events > cost->last_events)
		cost->event_ns = ns / (double)(events - cost->last_events);
}

void cost_take(struct cost *cost, uint64_t events)
{
	uint64_t now_ns = monotonic_ns();

	if (cost->statistics_fd >= 0)
		measure_end(cost, events);
	if (events == cost->last_events)
		cost->share = 0;
	else if (cost->event_ns >= 0 && now_ns > cost->last_ns)
		cost->share = cost->event_ns * (double)(events - cost->last_events) /
			      (double)(now_ns - cost->last_ns);
	cost->last_ns = now_ns;
	cost->last_events = events;
	if (cost->samples++ % MEASURE_EVERY == 0)
		measure_begin(cost);
}

void cost_end(struct cost *cost)
{
	if (cost->statistics_fd >= 0)
		close(cost->statistics_fd);
	links_close(&cost->links);
}
