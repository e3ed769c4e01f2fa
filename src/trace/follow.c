/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each event of a process's life asks for. */
#include "trace/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"
#include "trace/attach.h"
#include "trace/modules.h"
#include "trace/parking.h"
#include "trace/processes.h"
#include "trace/scan.h"
#include "trace/shared_probes.h"
#include "trace/tracer.h"
#include "trace/unwinder.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/proc.h"

/*
 * Links of ended processes are closed so many at a time: a close takes tens of
 * milliseconds, at which no other process gets its probes. Not more, since each
 * open link makes every hit of the same function a little slower.
 */
#define ENDED_LINKS_MAX 128

/* Returns before entries: no call is seen to begin that is not seen to end. */
static int attach_syscalls(struct follower *follower)
{
	struct tracer *tracer = follower->config.tracer;
	int enter = tracer_program_fd(tracer, TRACER_SYSCALL_ENTER);
	int leave = tracer_program_fd(tracer, TRACER_SYSCALL_EXIT);

	if (enter < 0)
		return 0;
	return attach_raw_tracepoint(leave, NULL, &follower->life)
		       ?: attach_raw_tracepoint(enter, NULL, &follower->life);
}

static int attach_life(struct follower *follower)
{
	static const char *const births[] = { "syscalls/sys_exit_clone", "syscalls/sys_exit_clone3",
					      "syscalls/sys_exit_fork", "syscalls/sys_exit_vfork" };
	struct tracer *tracer = follower->config.tracer;
	int born = tracer_program_fd(tracer, TRACER_BORN);
	struct links *life = &follower->life;
	int error;

	error = attach_raw_tracepoint(tracer_program_fd(tracer, TRACER_FORK), "task_newtask",
				      life) ?:
		attach_raw_tracepoint(tracer_program_fd(tracer, TRACER_EXEC), "sched_process_exec",
				      life) ?:
		attach_raw_tracepoint(tracer_program_fd(tracer, TRACER_EXIT), "sched_process_exit",
				      life);
	if (!error)
		error = attach_syscalls(follower);
	if (!error && tracer_program_fd(tracer, TRACER_PAGE) >= 0)
		error = attach_raw_tracepoint(tracer_program_fd(tracer, TRACER_PAGE),
					      "page_fault_user", life);
	for (size_t i = 0; !error && born >= 0 && i < sizeof(births) / sizeof(*births); i++) {
		error = attach_tracepoint(born, births[i], life);
		/* An architecture has not all of them. */
		if (error == -ENOENT)
			error = 0;
	}
	return error;
}

int follower_new(const struct follow_config *config, struct follower **result)
{
	struct follower *follower = calloc(1, sizeof(*follower));
	int error;

	if (!follower) {
		shared_probes_free(config->way.shared);
		return -ENOMEM;
	}
	follower->config = *config;
	error = attach_life(follower);
	if (error) {
		follower_free(follower);
		return error;
	}
	*result = follower;
	return 0;
}

static void followed_free(struct follower *follower, struct followed *process)
{
	HASH_DEL(follower->by_pid, process);
	links_move(&follower->ended, &process->links);
	if (follower->ended.count >= ENDED_LINKS_MAX)
		links_close(&follower->ended);
	free(process->attached);
	free(process);
}

void follower_free(struct follower *follower)
{
	struct followed *process, *next;

	if (!follower)
		return;
	/* Together: a link that is closed alone costs as much time as all of them. */
	HASH_ITER(hh, follower->by_pid, process, next)
	{
		tracer_unfollow(follower->config.tracer, process->pid);
		links_move(&follower->life, &process->links);
		followed_free(follower, process);
	}
	links_move(&follower->life, &follower->ended);
	links_move(&follower->life, &follower->files);
	links_move(&follower->life, &follower->exact);
	links_close(&follower->life);
	shared_probes_free(follower->config.way.shared);
	parking_continue_all(tracer_parking(follower->config.tracer));
	free(follower->parked);
	free(follower);
}

static struct followed *followed_find(struct follower *follower, uint32_t pid)
{
	struct followed *process;

	HASH_FIND(hh, follower->by_pid, &pid, sizeof(pid), process);
	return process;
}

static struct followed *followed_add(struct follower *follower, uint32_t pid, uint32_t space)
{
	struct followed *process = followed_find(follower, pid);

	if (!process) {
		process = calloc(1, sizeof(*process));
		if (!process)
			return NULL;
		process->pid = pid;
		HASH_ADD(hh, follower->by_pid, pid, sizeof(process->pid), process);
		if (!hash_has(process)) {
			free(process);
			return NULL;
		}
	}
	process->space = space;
	return process;
}

int follower_add_file(struct follower *follower, int fd, const char *path, bool now)
{
	struct module *module = modules_add_file(follower->config.modules, fd, path);

	if (!module)
		return -ENOEXEC;
	if (!now)
		return 0;
	return scan_attach_file(follower, modules_examine(follower->config.modules, module));
}

static int attach_file_allocator(struct module *module, void *context)
{
	return module->attached ? scan_attach_allocator(context, module, -1) : 0;
}

static int attach_allocators(struct follower *follower)
{
	struct followed *process, *next;
	int error = 0;

	if (follower->config.scope == FOLLOW_FILES)
		return modules_each(follower->config.modules, attach_file_allocator, follower);
	HASH_ITER(hh, follower->by_pid, process, next)
	for (size_t i = 0; !error && i < process->attached_count; i++)
		error = scan_attach_allocator(follower, process->attached[i], (pid_t)process->pid);
	return error;
}

int follower_set_exact(struct follower *follower, bool exact)
{
	int error = 0;

	if (exact == follower->is_exact)
		return 0;
	follower->is_exact = exact;
	if (exact)
		error = attach_allocators(follower);
	if (!exact || error) {
		follower->is_exact = false;
		links_close(&follower->exact);
		tracer_forget_kind(follower->config.tracer, WIRE_HEAP);
	}
	return error;
}

static int start_space(struct follower *follower, pid_t pid, uint32_t space, bool attached)
{
	struct process_start start = {
		.space = space,
		.pid = pid,
		.time_ns = monotonic_ns(),
		.attached = attached,
	};
	struct proc_stat stat;
	char comm[16] = "";

	if (!proc_stat_read(pid, &stat))
		start.ppid = stat.ppid;
	proc_comm(pid, comm);
	start.comm = comm;
	return processes_start(follower->config.processes, &start);
}

static uint32_t last_flag(const struct follower *follower)
{
	return follower->config.on_ending ? WIRE_FOLLOW_PARK_LAST : 0;
}

int follower_add_command(struct follower *follower, pid_t pid, bool may_stop)
{
	uint32_t flags = (may_stop ? WIRE_FOLLOW_PARK : 0) | last_flag(follower);
	int space = tracer_new_space(follower->config.tracer);
	int error;

	if (space < 0)
		return space;
	error = start_space(follower, pid, space, false);
	if (error)
		return error;
	if (!followed_add(follower, pid, space))
		return -ENOMEM;
	return tracer_follow(follower->config.tracer, pid, space, flags);
}

/*
 * The probes go in before the process is followed: what they hit until then is
 * dropped as a whole, so that no release is missed whose acquisition was seen.
 * What it runs now is not stopped; a program that it starts by exec has nothing to
 * lose yet, and is.
 */
int follower_add_process(struct follower *follower, pid_t pid)
{
	uint32_t flags =
		(follower->config.may_stop ? WIRE_FOLLOW_PARK_NEXT : 0) | last_flag(follower);
	int space = tracer_new_space(follower->config.tracer);
	struct followed *process;
	struct scan scan;
	int error;

	if (space < 0)
		return space;
	process = followed_add(follower, pid, space);
	if (!process)
		return -ENOMEM;
	error = start_space(follower, pid, space, true);
	if (error)
		return error;
	error = scan_process(follower, process, true, &scan);
	if (error)
		return error;
	if (follower->config.needs_allocator && !scan.has_allocator)
		return scan.has_go ? -ENOTSUP : -ENODATA;
	error = tracer_follow(follower->config.tracer, pid, space, flags);
	/* Later than following: what is opened meanwhile is in both, and known to be opened. */
	return error ?: scan_files(follower, pid, space);
}

static void end_space(struct follower *follower, uint32_t space, enum process_end end, int value,
		      uint64_t time_ns)
{
	processes_end(follower->config.processes, space, end, value, time_ns);
	if (follower->config.unwinder)
		unwinder_forget(follower->config.unwinder, space);
}

static void inherit(struct follower *follower, const struct wire_event_process *event)
{
	int error =
		processes_inherit(follower->config.processes, event->head.space, event->old_space);

	if (error == -ENOMEM)
		processes_lose_event(follower->config.processes);
	if (follower->config.unwinder)
		unwinder_share(follower->config.unwinder, event->head.space, event->old_space);
}

/*
 * Perf events count in whoever has the memory of the process they are for: probes
 * of a vfork child's own would make every hit count twice. (Multi links look at
 * the process.)
 */
static struct followed *probes_holder(struct follower *follower, struct followed *process)
{
	struct followed *owner = NULL;

	if (process->owner && follower->config.way.mode == ATTACH_SINGLE)
		owner = followed_find(follower, process->owner);
	return owner && owner->space == process->space ? owner : process;
}

static void process_forked(struct follower *follower, const struct wire_event_process *event)
{
	struct process_start start = {
		.space = event->head.space,
		.pid = event->head.pid,
		.ppid = event->parent_pid,
		.comm = event->comm,
		.time_ns = event->head.time_ns,
	};
	const struct followed *parent = followed_find(follower, event->parent_pid);
	struct followed *process = followed_add(follower, event->head.pid, event->head.space);
	struct scan scan;

	if (process && event->shares_space)
		process->owner = parent && parent->owner ? parent->owner : event->parent_pid;
	if (!process)
		processes_lose_event(follower->config.processes);
	if (!event->shares_space && !processes_start(follower->config.processes, &start))
		inherit(follower, event);
	else if (!event->shares_space)
		processes_lose_event(follower->config.processes);
	if (process && follower->config.scope == FOLLOW_PROCESSES && !follower->config.may_stop)
		scan_process(follower, probes_holder(follower, process), true, &scan);
}

/*
 * Once probes are on files, a dynamic executable needs no stop when it is started
 * again: ld.so's probe tells of it. A static one is stopped each time, to see its
 * mappings.
 */
static void know_exe(struct follower *follower, const struct wire_event_process *event,
		     const struct scan *scan)
{
	if (follower->config.scope == FOLLOW_FILES && scan->has_linker && !scan->error)
		tracer_know_exe(follower->config.tracer, &event->exe);
}

static void process_execed(struct follower *follower, const struct wire_event_process *event)
{
	struct process *old = processes_get(follower->config.processes, event->old_space);
	struct process_start start = {
		.space = event->head.space,
		.pid = event->head.pid,
		.comm = event->comm,
		.time_ns = event->head.time_ns,
	};
	struct followed *process;
	struct proc_stat stat;
	struct scan scan;

	if (old && !event->shares_space) {
		start.ppid = old->ppid;
		start.image = old->image + 1;
		end_space(follower, event->old_space, PROCESS_EXECED, 0, event->head.time_ns);
	} else if (!proc_stat_read(event->head.pid, &stat)) {
		start.ppid = stat.ppid;
		start.image = 1;
	}
	process = followed_add(follower, event->head.pid, event->head.space);
	if (!process || processes_start(follower->config.processes, &start)) {
		processes_lose_event(follower->config.processes);
		return;
	}
	process->owner = 0;
	process->earlier_rss_pages = event->peak_rss_pages;
	if (!scan_process(follower, process, false, &scan) && event->head.parked)
		know_exe(follower, event, &scan);
}

static void process_changed(struct follower *follower, const struct wire_event *event)
{
	struct followed *process = followed_find(follower, event->pid);
	struct scan scan;

	if (process && process->space == event->space)
		scan_process(follower, probes_holder(follower, process), true, &scan);
}

static void process_exited(struct follower *follower, const struct wire_event_process *event)
{
	struct followed *process = followed_find(follower, event->head.pid);
	uint64_t earlier_pages = process ? process->earlier_rss_pages : 0;
	int signal = event->exit_code & 0x7f;

	if (process && process->space == event->head.space)
		followed_free(follower, process);
	if (event->shares_space)
		return;
	processes_set_peak(follower->config.processes, event->head.space, earlier_pages,
			   event->peak_rss_pages);
	end_space(follower, event->head.space, signal ? PROCESS_SIGNALED : PROCESS_EXITED,
		  signal ? signal : (int)(event->exit_code >> 8 & 0xff), event->head.time_ns);
}

static void check_alive(uint32_t space, uint32_t pid, void *context)
{
	struct follower *follower = context;
	struct followed *process = followed_find(follower, pid);
	struct proc_stat stat;
	int error = proc_stat_read((pid_t)pid, &stat);

	/* Ended, it may wait long for its parent; of a leader alone other threads run. */
	if (error ? error != -ESRCH : stat.state != 'Z' || stat.threads > 1)
		return;
	if (process)
		followed_free(follower, process);
	end_space(follower, space, PROCESS_EXITED, 0, monotonic_ns());
}

void follower_check_alive(struct follower *follower)
{
	processes_each_running(follower->config.processes, check_alive, follower);
}

void follower_event(struct follower *follower, const struct wire_event *event)
{
	const struct wire_event_process *process = (const struct wire_event_process *)event;

	if (processes_event(follower->config.processes, event))
		return;
	switch ((enum wire_event_type)event->type) {
	case WIRE_EVENT_FORK:
		process_forked(follower, process);
		break;
	case WIRE_EVENT_EXEC:
		process_execed(follower, process);
		break;
	case WIRE_EVENT_EXIT:
		process_exited(follower, process);
		break;
	case WIRE_EVENT_LIBS:
	case WIRE_EVENT_BORN:
		process_changed(follower, event);
		break;
	case WIRE_EVENT_ENDING:
		if (follower->config.on_ending)
			follower->config.on_ending((const struct wire_event_ending *)event,
						   follower->config.context);
		break;
	default:
		break;
	}
	if (event->parked) {
		follower_note_parked(follower, event->pid);
		parking_continue(tracer_parking(follower->config.tracer), (pid_t)event->pid);
	}
}
