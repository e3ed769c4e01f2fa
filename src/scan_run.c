/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scan_run.h"

#include <errno.h>
#include <string.h>

#include "memory/look.h"
#include "model/snapshot.h"
#include "options.h"
#include "trace/processes.h"
#include "trace/tracer.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/strings.h"
#include "wait.h"

bool scan_run_wanted(const struct options *options, const struct snapshot *snapshot)
{
	/* What is not tracked holds on to what is: of a sample nothing can be told. */
	return !options->no_scan && !options->no_pause && !options->sample_bytes &&
	       (snapshot->traced[KIND_HEAP] ||
		(snapshot->kind_count > KIND_CUSTOM && !snapshot->traced[KIND_PAGES]));
}

static const char *why_failed(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ -ESRCH, "it ended before it could be looked into" },
		{ -EINTR, "somebody let it go on again and again while it was looked into" },
		{ -ETIMEDOUT, "it would have had to stand still for longer than --max-pause" },
		{ -EPERM, "its memory cannot be read: leaktrace lacks the capability "
			  "CAP_SYS_PTRACE, or Linux 5.18" },
		{ -EOPNOTSUPP, "its memory cannot be read: leaktrace lacks the capability "
			       "CAP_SYS_PTRACE, or Linux 5.18" },
		{ -ENOMEM, "leaktrace is out of memory" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return strerror(-error);
}

static void drain(void *context)
{
	struct scan_run *run = context;

	tracer_drain(run->tracer, wait_event, run->follower);
}

static void note(struct scan_run *run, uint32_t space, const struct look_result *result, int error)
{
	struct process *process = processes_get(run->processes, space);

	if (!process)
		return;
	process->scan = (struct memory_scan){
		.state = error ? SCAN_FAILED : SCAN_DONE,
		.time_ns = processes_since_start(run->processes, result->time_ns),
		.pause_ns = result->pause_ns,
		.bytes = result->bytes,
		.blocks = result->blocks,
	};
	if (!error)
		return;
	process->scan.reason = strings_intern(run->snapshot->strings, why_failed(error));
	log_info("process %u: no classes: %s", process->pid, process->scan.reason);
}

static int look_at(struct scan_run *run, uint32_t space, uint32_t pid,
		   const struct wire_event_ending *ending, struct look_result *result)
{
	const struct look look = {
		.tracer = run->tracer,
		.processes = run->processes,
		.modules = run->modules,
		.space = space,
		.pid = (pid_t)pid,
		.ending = ending,
		.drain = drain,
		.context = run,
		.heuristics = run->options->heuristics,
		.max_pause_ns = run->options->max_pause_ns,
		.way = run->options->scan_way,
	};
	int error = memory_look(&look, result);

	note(run, space, result, error);
	log_debug("process %u: %llu blocks, %.1f MB read, stopped for %.1f ms", pid,
		  (unsigned long long)result->blocks, (double)result->bytes / 1e6,
		  (double)result->pause_ns / 1e6);
	/* After its end nothing more is acquired. */
	processes_set_graph(run->processes, space, result->graph,
			    ending ? UINT64_MAX : result->time_ns);
	return error;
}

void scan_run_ending(const struct wire_event_ending *event, void *context)
{
	struct look_result result;

	look_at(context, event->head.space, event->head.pid, event, &result);
}

struct looking {
	struct scan_run *run;
	struct scan_sum sum;
};

static void look_at_one(uint32_t space, uint32_t pid, void *context)
{
	struct looking *looking = context;
	struct look_result result;
	int error = look_at(looking->run, space, pid, NULL, &result);

	if (error) {
		looking->sum.failed++;
		looking->sum.reason = why_failed(error);
		return;
	}
	looking->sum.processes++;
	if (result.pause_ns > looking->sum.longest_pause_ns)
		looking->sum.longest_pause_ns = result.pause_ns;
}

struct scan_sum scan_run_all(struct scan_run *run)
{
	struct looking looking = { .run = run };

	processes_each_running(run->processes, look_at_one, &looking);
	return looking.sum;
}

static void forget_one(uint32_t space, uint32_t pid, void *context)
{
	struct scan_run *run = context;
	struct process *process = processes_get(run->processes, space);

	(void)pid;
	processes_set_graph(run->processes, space, NULL, 0);
	if (process)
		process->scan = (struct memory_scan){ 0 };
}

void scan_run_forget(struct scan_run *run)
{
	processes_each_running(run->processes, forget_one, run);
}

static const char *why_not_looked(const struct process *process)
{
	switch (process->end) {
	case PROCESS_SIGNALED:
		return "it was killed by a signal";
	case PROCESS_EXITED:
		return "it ended without the C library's _exit()";
	case PROCESS_RUNNING:
	case PROCESS_EXECED:
		break;
	}
	return NULL;
}

void scan_run_explain(struct scan_run *run)
{
	for (size_t i = 0; i < run->snapshot->process_count; i++) {
		struct process *process = &run->snapshot->processes[i];
		const char *reason = why_not_looked(process);

		if (process->scan.state != SCAN_NONE || !reason || !process->measured)
			continue;
		process->scan.state = SCAN_FAILED;
		process->scan.reason = strings_intern(run->snapshot->strings, reason);
	}
}
