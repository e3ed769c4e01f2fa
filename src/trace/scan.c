/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From mappings to probes, unwind tables and a verdict. */
#include "trace/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/modules.h"
#include "trace/probes.h"
#include "trace/processes.h"
#include "trace/tracer.h"
#include "trace/unwinder.h"
#include "util/array.h"
#include "util/log.h"
#include "util/proc.h"

int scan_attach_allocator(struct follower *follower, const struct module *module, pid_t pid)
{
	return module_has_probes(module)
		       ? probes_attach(follower->config.tracer, &follower->config.way, module, pid,
				       PROBES_ALLOCATOR, &follower->exact)
		       : 0;
}

static int attach_module(struct follower *follower, const struct module *module, pid_t pid,
			 struct links *links)
{
	const struct follow_config *config = &follower->config;
	int error = probes_attach(config->tracer, &config->way, module, pid,
				  config->exact_on_demand ? PROBES_OTHER : PROBES_ALL, links);

	if (!error && follower->is_exact)
		error = scan_attach_allocator(follower, module, pid);

	if (error)
		log_info("cannot probe %s: %s", module->path, strerror(-error));
	return error;
}

/* What it has could not be found out; that a file is of another sort is no trouble. */
static bool is_unknown(const struct module *module)
{
	return module->error == -ENOMEM || module->error == -EMFILE || module->error == -EIO;
}

int scan_attach_file(struct follower *follower, struct module *module)
{
	if (is_unknown(module))
		return module->error;
	if (module->attached)
		return 0;
	module->attached = true;
	return attach_module(follower, module, -1, &follower->files);
}

static int attach_for_process(struct follower *follower, struct followed *process,
			      struct module *module)
{
	struct module **slot;

	for (size_t i = 0; i < process->attached_count; i++)
		if (process->attached[i] == module)
			return 0;
	slot = array_add(&process->attached, &process->attached_count, sizeof(module));
	if (!slot)
		return -ENOMEM;
	*slot = module;
	return attach_module(follower, module, process->pid, &process->links);
}

static void scan_unwinding(struct scan *scan, const struct proc_map *map, struct module *module)
{
	struct wire_mapping *mapping;

	if (!scan->follower->config.unwinder)
		return;
	mapping = array_add(&scan->mappings, &scan->mapping_count, sizeof(*mapping));
	if (mapping)
		unwinder_describe(scan->follower->config.unwinder, map, module, mapping);
}

static void scan_mapping(const struct proc_map *map, struct module *module, void *context)
{
	struct scan *scan = context;
	int error = 0;

	scan_unwinding(scan, map, module);
	if (!module)
		return;
	scan->has_go |= module->is_go;
	scan->is_foreign |= module->is_foreign;
	if (!scan->first)
		scan->first = module;
	scan->has_linker |= module->has_library_hook && module != scan->first;
	scan->has_allocator |= module_is_allocator(module);
	if (is_unknown(module) && !scan->error)
		scan->error = module->error;
	if (!module_has_probes(module) && !module->has_library_hook)
		return;
	if (scan->follower->config.scope == FOLLOW_FILES)
		error = scan_attach_file(scan->follower, module);
	else
		error = attach_for_process(scan->follower, scan->process, module);
	if (error && !scan->error)
		scan->error = error;
}

/*
 * A dynamic executable that has just started has mapped itself and ld.so, no
 * libraries: that it has no allocator means something only once they are there.
 */
static void judge(const struct scan *scan, bool has_libraries)
{
	const char *reason = NULL;

	if (!scan->follower->config.needs_allocator)
		reason = NULL;
	else if (scan->error)
		reason = "its allocator could not be probed";
	else if (scan->has_allocator)
		reason = NULL;
	else if (scan->is_foreign)
		reason = "a 32-bit program; only 64-bit ones can be traced";
	else if (scan->has_go)
		reason = "a Go program: return probes would break its stacks";
	else if (has_libraries || !scan->has_linker)
		reason = "no allocator found (stripped and static? see --alloc-prefix, --object)";
	else
		reason = "it ended before its libraries were loaded";
	processes_judge(scan->follower->config.processes, scan->process->space, reason);
}

/* Stacks that meet unknown code end there, and are counted: the run goes on. */
static void publish(const struct scan *scan)
{
	const struct follow_config *config = &scan->follower->config;
	uint32_t space = scan->process->space;
	int error = 0;

	/* No dynamic linker tells when its work is done. */
	if (!scan->has_linker)
		tracer_set_linked(config->tracer, space);
	tracer_set_generation(config->tracer, space,
			      processes_generation(config->processes, space));

	if (scan->follower->config.unwinder)
		error = unwinder_publish(scan->follower->config.unwinder, scan->process->space,
					 scan->mappings, scan->mapping_count);
	if (error)
		log_info("no unwind tables for process %u: %s", scan->process->pid,
			 strerror(-error));
}

int scan_process(struct follower *follower, struct followed *process, bool has_libraries,
		 struct scan *scan)
{
	int error;

	*scan = (struct scan){ .follower = follower, .process = process };
	error = processes_read_mappings(follower->config.processes, follower->config.modules,
					process->space, process->pid, scan_mapping, scan);
	if (!error) {
		judge(scan, has_libraries);
		publish(scan);
	}
	free(scan->mappings);
	return error ? error : scan->error;
}

static void note_descriptor(int fd, void *context)
{
	uint64_t *words = context;

	if (fd < WIRE_FD_WORDS * 64)
		words[1 + fd / 64] |= 1ULL << fd % 64;
}

int scan_files(struct follower *follower, pid_t pid, uint32_t space)
{
	uint64_t words[1 + WIRE_FD_WORDS] = { WIRE_FD_WORDS };
	int error = proc_each_fd(pid, note_descriptor, words);

	return error ?: tracer_set_inherited(follower->config.tracer, space, words);
}
