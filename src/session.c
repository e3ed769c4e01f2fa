/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of a run: check, load, put the target in place, attach, wait, read,
 * report, and take down in reverse.
 */
#include "session.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "model/snapshot.h"
#include "machine.h"
#include "options.h"
#include "output.h"
#include "session_state.h"
#include "symbols/symbols.h"
#include "trace/follow.h"
#include "trace/kernel.h"
#include "trace/parking.h"
#include "trace/processes.h"
#include "trace/shared_probes.h"
#include "trace/tracer.h"
#include "trace/unwinder.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/privilege.h"
#include "util/status.h"
#include "wait.h"

/* What a trace under way needs, and what for. */
static const int kept_capabilities[] = {
	CAP_BPF,		/* maps and links, for processes and libraries that come */
	CAP_PERFMON,		/* probes on them */
	CAP_SYS_ADMIN,		/* BPF objects by their number; their libraries' mount namespaces */
	CAP_SYS_PTRACE,		/* their mappings and memory */
	CAP_CHECKPOINT_RESTORE, /* /proc/PID/map_files */
	CAP_DAC_READ_SEARCH,	/* their files */
	CAP_DAC_OVERRIDE,	/* results, where only root may write */
	CAP_SETUID,		/* results, with the rights of who called us by sudo(8) */
	CAP_SETGID,
	CAP_KILL,	  /* to stop them and let them go on */
	CAP_SYS_RESOURCE, /* locked memory, on kernels that count it */
};

/* The command is a process of its own, and keeps what it has. Returns 0 or -errno. */
static int give_up_capabilities(void)
{
	/* Without it, before Linux 6.15, a process's mappings are for who has all that it has. */
	if (!privilege_has(CAP_SYS_PTRACE))
		return 0;
	return privilege_keep(kept_capabilities,
			      sizeof(kept_capabilities) / sizeof(*kept_capabilities));
}

/* How often what a command writes is handed on once its trace has ended. */
#define FORWARD_EVERY_US 50000

static int start_following(struct session *session)
{
	struct follow_config config = {
		.scope = session->target.scope,
		.way = { .mode = session->mode },
		.may_stop = !session->options->no_pause,
		.needs_allocator = session->snapshot->traced[KIND_HEAP],
		.exact_on_demand = session->snapshot->traced[KIND_PAGES],
		.tracer = session->tracer,
		.modules = session->modules,
		.processes = session->processes,
	};
	struct shared_definitions definitions;
	int error;

	/* On files that only the command maps each probe is there once. Without it just slower. */
	if (session->mode == ATTACH_SINGLE && session->target.scope == FOLLOW_PROCESSES &&
	    shared_probes_new(&config.way.shared))
		log_info("this kernel takes no definitions of probes");
	definitions = shared_probes_definitions(config.way.shared);
	error = watchdog_start(&session->watchdog, tracer_parking(session->tracer)->map_fd,
			       &definitions);
	shared_probes_set_bearer(config.way.shared, session->watchdog.pid);
	if (!error && session->options->unwind == UNWIND_TABLES)
		error = unwinder_new(session->tracer, &session->unwinder);
	config.unwinder = session->unwinder;
	if (session->scans) {
		config.on_ending = scan_run_ending;
		config.context = &session->scan;
	}
	if (!error)
		error = follower_new(&config, &session->follower);
	else
		shared_probes_free(config.way.shared);
	session->scan = (struct scan_run){
		.options = session->options,
		.snapshot = session->snapshot,
		.tracer = session->tracer,
		.modules = session->modules,
		.processes = session->processes,
		.follower = session->follower,
	};
	if (error == -ENOENT && session->snapshot->traced[KIND_PAGES])
		log_error("this kernel does not tell of page faults (no tracepoint "
			  "exceptions:page_fault_user): try --events exact");
	else if (error)
		log_error("cannot watch processes: %s", strerror(-error));
	return error;
}

static FILE *report_stream(const struct options *options)
{
	return options->mode == MODE_COMMAND ? stderr : stdout;
}

static int walk_files(void *context)
{
	struct session *session = context;
	int error = tracer_walk_files(session->tracer);

	if (error)
		return error;
	error = tracer_drain(session->tracer, wait_event, session->follower);
	return error < 0 ? error : 0;
}

static int collect(void *context)
{
	struct session *session = context;
	bool has_files = session->snapshot->traced[KIND_FD];
	int error;

	if (session->follower && processes_running(session->processes))
		processes_look(session->processes, has_files ? walk_files : NULL, session);
	if (session->follower)
		tracer_drain(session->tracer, wait_event, session->follower);
	error = processes_collect(session->processes, session->tracer, monotonic_ns());
	if (error)
		log_error("cannot read the tables: %s", strerror(-error));
	return error;
}

static void write_interim(struct session *session)
{
	output_write_interim(&session->judgement, session->symbols, session->snapshot,
			     report_stream(session->options));
}

static void interim_report(void *context)
{
	if (!collect(context))
		write_interim(context);
}

/* While the run goes on: as a report, or on the screen as a line. */
static void scan_now(void *context)
{
	struct session *session = context;
	struct scan_sum sum = scan_run_all(&session->scan);

	if (!collect(session)) {
		if (live_run_has_screen(&session->live))
			live_run_tell_scan(&session->live, &sum);
		else
			write_interim(session);
	}
	scan_run_forget(&session->scan);
}

static void collect_ended(void *context)
{
	collect(context);
}

static bool may_ask(pid_t pid, void *context)
{
	const struct session *session = context;

	return session->follower && follower_follows(session->follower, pid);
}

static void answer_scope(const char *name, FILE *out, void *context)
{
	struct session *session = context;

	if (!collect(session))
		output_write_scope(&session->judgement, session->symbols, session->snapshot, name,
				   out);
}

static int wait_for_end(struct session *session)
{
	struct wait_config config = {
		.tracer = session->tracer,
		.follower = session->follower,
		.processes = session->processes,
		.target = &session->target,
		.duration_ns = session->options->duration_ns,
		.interval_ns = session->options->interval_ns,
		.on_interval = interim_report,
		.interval_context = session,
		.scan_ns = session->options->scan_every_ns,
		.on_scan = session->scans ? scan_now : NULL,
		.on_ended = collect_ended,
		.context = session,
	};

	if (session->control.fd >= 0)
		config.sources[config.source_count++] =
			(struct wait_source){ session->control.fd, control_ready,
					      &session->control };
	live_run_wait(&session->live, &config);
	return wait_run(&config);
}

static int set_exact(void *context, bool exact)
{
	struct session *session = context;
	int error = follower_set_exact(session->follower, exact);

	session->snapshot->traced[KIND_HEAP] = exact && !error;
	return error;
}

static int start_watching(struct session *session)
{
	const struct watch_config config = {
		.snapshot = session->snapshot,
		.symbols = session->symbols,
		.processes = session->processes,
		.tracer = session->tracer,
		.mode = session->mode,
	};

	session->live.collect = collect;
	session->live.set_exact = set_exact;
	session->live.scan = session->scans ? scan_now : NULL;
	session->live.session = session;
	return live_run_begin(&session->live, &config, report_stream(session->options));
}

/* The exit status of a command that may go on without us; what it writes goes on, too. */
static int wait_for_command(struct session *session)
{
	struct target *target = &session->target;

	while (target_is_running(target) && session->live.output.read_fd >= 0 &&
	       !target_reap(target)) {
		live_run_forward(&session->live);
		usleep(FORWARD_EVERY_US);
	}
	return target_wait(target);
}

static void *free_follower(void *follower)
{
	follower_free(follower);
	return NULL;
}

/* When nothing runs any more: detaching waits for the kernel, reading and naming need not. */
static void detach_start(struct session *session)
{
	tracer_drain(session->tracer, wait_event, session->follower);
	if (pthread_create(&session->detacher, NULL, free_follower, session->follower))
		return;
	session->detaching = true;
	session->follower = NULL;
}

static void detach(struct session *session)
{
	if (session->detaching)
		pthread_join(session->detacher, NULL);
	session->detaching = false;
	follower_free(session->follower);
	session->follower = NULL;
}

static int add_suppressions(struct module *module, void *context)
{
	struct session *session = context;

	if (module->suppressions)
		judgement_add_suppressions(&session->judgement, module->suppressions, module->path);
	return 0;
}

static void tell_attached(const struct session *session)
{
	if (session->options->mode != MODE_COMMAND)
		log_info("attached after %.1f ms",
			 (double)(monotonic_ns() - session->start_ns) / 1e6);
}

/* Returns the exit status. */
static int trace(struct session *session)
{
	const struct options *options = session->options;
	struct target *target = &session->target;
	int status, error;

	if (kinds_read(&session->kinds, options))
		return STATUS_WRONG_USAGE;
	if (machine_check(options, &session->mode) || session_make_parts(session))
		return STATUS_UNMEASURED;
	status = judgement_begin(&session->judgement, options, session->snapshot);
	if (status)
		return status;
	status = live_run_prepare(&session->live, options);
	if (status)
		return status;
	session->control.may_ask = may_ask;
	session->control.answer = answer_scope;
	session->control.context = session;
	if (options->mode == MODE_COMMAND) {
		error = control_open(&session->control);
		if (error)
			log_notice("no socket for questions of the command: %s", strerror(-error));
	}
	target->output_fd = session->live.output.command_fd;
	status = target_prepare(target, options, session->modules);
	if (status)
		return status;
	wait_hold_signals();
	if (session_load(session) || start_following(session))
		return STATUS_UNMEASURED;
	status = target_start(target, options, session->follower);
	if (status)
		return status;
	tell_attached(session);
	status = start_watching(session);
	if (status)
		return status;
	error = give_up_capabilities();
	if (error)
		log_notice("cannot give up the capabilities that are not needed any more: %s",
			   strerror(-error));
	error = wait_for_end(session);
	live_run_end(&session->live, &session->judgement);
	if (target->exec_error)
		return target_explain_exec(target, options);
	if (!error && !processes_running(session->processes))
		detach_start(session);
	else if (!error && session->scans)
		scan_run_all(&session->scan);
	if (error)
		log_error("cannot go on watching: %s", strerror(-error));
	if (error || collect(session))
		return STATUS_UNMEASURED;
	/* A target that goes on is left alone before its names are looked up. */
	if (!session->detaching)
		detach(session);
	if (session->scans)
		scan_run_explain(&session->scan);
	kinds_tell_missing(&session->kinds);
	modules_each(session->modules, add_suppressions, session);
	kinds_tell_missing_calls(&session->kinds, options);
	if (output_write(&session->judgement, session->symbols, session->snapshot,
			 report_stream(options), &status))
		return STATUS_UNMEASURED;
	return status ? status : wait_for_command(session);
}

int session_trace(const struct options *options)
{
	struct session session = { .options = options };
	int status = STATUS_UNMEASURED;

	session.target.files.mount_fd = -1;
	session.target.output_fd = -1;
	session.control.fd = -1;
	machine_raise_descriptor_limit();
	if (!output_check(options))
		status = trace(&session);
	live_run_clear(&session.live);
	control_close(&session.control);
	detach(&session);
	target_cancel(&session.target);
	watchdog_stop(&session.watchdog);
	processes_free(session.processes);
	unwinder_free(session.unwinder);
	tracer_free(session.tracer);
	symbols_free(session.symbols);
	modules_free(session.modules);
	kinds_clear(&session.kinds);
	judgement_clear(&session.judgement);
	snapshot_free(session.snapshot);
	return status;
}
