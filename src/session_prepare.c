/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options to the parts of a run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "model/snapshot.h"
#include "options.h"
#include "session_state.h"
#include "symbols/symbols.h"
#include "trace/functions.h"
#include "trace/processes.h"
#include "trace/tracer.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/strings.h"

/* Of a scope, once it has warmed up. */
#define FIRST_ROUND_CALLS 10

static int describe_run(struct session *session)
{
	const struct options *options = session->options;
	struct snapshot *snapshot = session->snapshot;
	struct utsname system;

	uname(&system);
	snapshot->leaktrace_version = strings_intern(snapshot->strings, LEAKTRACE_VERSION);
	snapshot->kernel = strings_intern(snapshot->strings, system.release);
	snapshot->started_unix_ns = clock_ns(CLOCK_REALTIME);
	if (options->mode != MODE_COMMAND)
		return 0;
	snapshot->command = calloc(options->command_count, sizeof(*snapshot->command));
	if (!snapshot->command)
		return -ENOMEM;
	snapshot->command_count = options->command_count;
	for (size_t i = 0; i < options->command_count; i++)
		snapshot->command[i] = strings_intern(snapshot->strings, options->command[i]);
	return 0;
}

int session_load(struct session *session)
{
	const struct options *options = session->options;
	struct tracer_config config = {
		.mode = session->mode,
		.max_live = options->max_live,
		.max_sites = options->max_sites,
		.max_stack = options->max_stack,
		.start_ns = session->start_ns,
		.follow_children = !options->no_follow,
		.park_newborn = session->target.scope == FOLLOW_PROCESSES && !options->no_pause &&
				!options->no_follow,
		.by_frame_pointer = options->unwind == UNWIND_FRAME_POINTERS,
		.empty_probes = options->empty_probes,
		.scans = session->scans,
	};
	int error;

	config.sample_bytes = options->sample_bytes;
	session->snapshot->sample_bytes = options->sample_bytes;
	config.has_calls = options->calls.count;
	config.scope_warm_up = session->snapshot->rounds.warm_up;
	config.scope_first_round = session->snapshot->rounds.first;
	config.scope_rounds = session->snapshot->rounds.count;
	memcpy(config.traced, session->snapshot->traced, sizeof(config.traced));
	/* Whose the parts of memory are, mappings tell, of what is traced from its start. */
	config.traced[WIRE_MMAP] |= session->scans && options->mode == MODE_COMMAND;
	error = tracer_new(&config, &session->tracer);

	if (error)
		log_error("cannot load the BPF programs: %s%s", strerror(-error),
			  error == -ENOMEM ? " (smaller --max-live or --max-sites?)"
					   : " (-v shows the kernel's reasons)");
	else
		log_info("tables take %.1f MB of kernel memory",
			 tracer_memory_bytes(session->tracer) / 1e6);
	return error;
}

static int choose_kinds(struct session *session)
{
	const struct options *options = session->options;
	int error = kinds_choose(&session->kinds, options, session->snapshot);

	session->scans = !error && scan_run_wanted(options, session->snapshot);
	/* Threads hold memory, also where they are not asked for. */
	if (!error && (session->scans || session->snapshot->traced[KIND_THREAD]))
		error = functions_add_threads(&session->kinds.functions);
	if (!error && session->scans)
		error = functions_add_last(&session->kinds.functions);
	if (!error)
		session->processes =
			processes_new(session->snapshot, session->start_ns, options->max_stacks,
				      session->scans && options->mode == MODE_COMMAND);
	if (!session->processes)
		return -ENOMEM;
	session->snapshot->rounds =
		(struct scope_rounds){ options->warm_up_calls, FIRST_ROUND_CALLS,
				       (uint32_t)options->retries };
	processes_set_calls(session->processes, options->calls.texts, options->calls.count);
	return functions_add_calls(&session->kinds.functions, options->calls.texts,
				   options->calls.count);
}

int session_make_parts(struct session *session)
{
	const struct options *options = session->options;
	struct symbols_options symbols = { .demangle = !options->no_demangle };

	session->modules_options = (struct modules_options){
		.allocators = {
			.prefixes = options->alloc_prefixes.texts,
			.prefix_count = options->alloc_prefixes.count,
		},
		.functions = &session->kinds.functions,
		.at_entry = options->place_at_entry,
	};
	session->start_ns = monotonic_ns();
	session->snapshot = snapshot_new();
	session->symbols = symbols_new(&symbols);
	session->modules = modules_new(&session->modules_options);
	if (!session->snapshot || !session->symbols || !session->modules || describe_run(session) ||
	    choose_kinds(session)) {
		log_error("out of memory");
		return -ENOMEM;
	}
	session->modules_options.allocators.recognise_only =
		!session->snapshot->traced[KIND_HEAP] && !session->snapshot->traced[KIND_PAGES];
	return 0;
}
