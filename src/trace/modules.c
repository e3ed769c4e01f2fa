/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and examining mapped files. Knows no BPF. */
#include "trace/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "elf/elf_file.h"
#include "trace/embedded.h"
#include "trace/marks.h"
#include "util/file.h"
#include "util/log.h"
#include "util/proc.h"

struct modules {
	const struct modules_options *options;
	struct module *by_key;
};

static void module_free(struct module *module)
{
	if (!module)
		return;
	if (module->fd >= 0)
		close(module->fd);
	probe_plan_free(module->plan);
	free((char *)module->build_id);
	free(module->suppressions);
	free(module->path);
	free(module);
}

struct modules *modules_new(const struct modules_options *options)
{
	struct modules *modules = calloc(1, sizeof(*modules));

	if (modules)
		modules->options = options;
	return modules;
}

void modules_free(struct modules *modules)
{
	struct module *module, *next;

	if (!modules)
		return;
	HASH_ITER(hh, modules->by_key, module, next)
	{
		HASH_DEL(modules->by_key, module);
		module_free(module);
	}
	free(modules);
}

/* <link.h>: the debugger interface that every ld.so keeps, and what it calls on a change. */
struct library_hook {
	uint64_t function;
	uint64_t state;
};

static int find_library_hook(const struct elf_symbol *symbol, void *context)
{
	struct library_hook *hook = context;

	if (!strcmp(symbol->name, "_dl_debug_state"))
		hook->function = symbol->address;
	else if (!strcmp(symbol->name, "_r_debug"))
		hook->state = symbol->address;
	return hook->function && hook->state;
}

static void examine_library_hook(struct module *module, struct elf_file *file)
{
	struct library_hook hook = { 0 };

	elf_file_each_symbol(file, find_library_hook, &hook);
	if (!hook.function)
		return;
	module->library_hook_offset = elf_file_offset_of(file, hook.function);
	module->has_library_hook = module->library_hook_offset != UINT64_MAX;
	module->library_state = hook.state ? (int64_t)(hook.state - hook.function) : 0;
}

static void log_plan(const struct module *module)
{
	const struct probe_plan *plan = module->plan;

	if (!plan->count)
		return;
	log_info("%s: %s, %zu functions to probe", module->path,
		 plan->allocator ? plan->allocator : "no allocator", plan->count);
	for (size_t i = 0; i < plan->count; i++)
		log_debug("  %s: %s", plan->sites[i].function,
			  place_reason_text(plan->sites[i].placement.reason));
}

static int make_plan(const struct modules_options *options, struct elf_file *file,
		     struct module *module)
{
	struct probe_plan *plan = probe_plan_new();
	int error = plan ? allocators_choose(file, &options->allocators, plan) : -ENOMEM;

	if (!error)
		error = functions_choose(file, module->path, options->functions, plan);
	if (!error)
		error = marks_choose(file, plan);
	if (!error)
		error = probe_plan_place(plan, file, options->at_entry);
	if (error) {
		probe_plan_free(plan);
		return error;
	}
	module->plan = plan;
	return 0;
}

static int module_examine(struct modules *modules, struct module *module)
{
	const char *build_id;
	struct elf_file *file;
	int error;

	error = elf_file_open(module->open_path, &file);
	module->is_foreign = error == -EAFNOSUPPORT;
	if (error)
		return error;
	build_id = elf_file_build_id(file);
	module->build_id = build_id ? strdup(build_id) : NULL;
	module->is_go = elf_file_is_go(file);
	examine_library_hook(module, file);
	module->suppressions = embedded_suppressions(file, module->fd);
	/* Return probes break Go's stacks; its own allocator is none that we know anyway. */
	error = module->is_go ? 0 : make_plan(modules->options, file, module);
	elf_file_close(file);
	if (!error && module->plan)
		log_plan(module);
	return error;
}

static struct module_key key_of_file(const struct stat *status)
{
	struct module_key key;

	memset(&key, 0, sizeof(key));
	key.device = (uint64_t)major(status->st_dev) << 20 | minor(status->st_dev);
	key.inode = status->st_ino;
	return key;
}

static struct module *module_add(struct modules *modules, int fd, const struct module_key *key,
				 const char *path)
{
	struct module *module = calloc(1, sizeof(*module));

	if (!module) {
		close(fd);
		return NULL;
	}
	module->fd = fd;
	module->key = *key;
	module->path = strdup(path);
	snprintf(module->open_path, sizeof(module->open_path), "/proc/self/fd/%d", fd);
	if (!module->path) {
		module_free(module);
		return NULL;
	}
	HASH_ADD(hh, modules->by_key, key, sizeof(module->key), module);
	if (!hash_has(module)) {
		module_free(module);
		return NULL;
	}
	return module;
}

struct module *modules_examine(struct modules *modules, struct module *module)
{
	if (module && !module->examined) {
		module->examined = true;
		module->error = module_examine(modules, module);
	}
	return module;
}

static struct module *module_find(struct modules *modules, const struct module_key *key)
{
	struct module *module;

	HASH_FIND(hh, modules->by_key, key, sizeof(*key), module);
	return module;
}

struct module *modules_add_file(struct modules *modules, int fd, const char *path)
{
	struct module *module;
	struct stat status;
	struct module_key key;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		close(fd);
		return NULL;
	}
	key = key_of_file(&status);
	module = module_find(modules, &key);
	if (!module)
		return module_add(modules, fd, &key, path);
	close(fd);
	return module;
}

/* The file under its name in the process's root, if that still is the mapped one. */
static int open_by_path(pid_t pid, const struct proc_map *map)
{
	struct stat status;
	char *path;
	int fd;

	if (asprintf(&path, "/proc/%d/root%s", pid, map->path) < 0)
		return -ENOMEM;
	fd = file_open(path, &status);
	free(path);
	if (fd < 0 || status.st_ino == map->inode)
		return fd;
	close(fd);
	return -ESTALE;
}

/* Deleted and replaced files: the mapping itself leads to them. */
static int open_by_mapping(pid_t pid, const struct proc_map *map)
{
	struct stat status;
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid, (unsigned long)map->start,
		 (unsigned long)map->end);
	return file_open(path, &status);
}

struct module *modules_of_mapping(struct modules *modules, pid_t pid, const struct proc_map *map)
{
	struct module_key key;
	struct module *module;
	int fd;

	if (!map->inode)
		return NULL;
	memset(&key, 0, sizeof(key));
	key.device = map->device;
	key.inode = map->inode;
	module = module_find(modules, &key);
	if (module)
		return modules_examine(modules, module);
	fd = map->deleted ? -1 : open_by_path(pid, map);
	if (fd < 0)
		fd = open_by_mapping(pid, map);
	if (fd < 0) {
		log_info("cannot open %s of process %d: %s", map->path, pid, strerror(-fd));
		return NULL;
	}
	return modules_examine(modules, module_add(modules, fd, &key, map->path));
}

const struct module *modules_find(struct modules *modules, uint64_t device, uint64_t inode)
{
	struct module_key key;

	memset(&key, 0, sizeof(key));
	key.device = device;
	key.inode = inode;
	return module_find(modules, &key);
}

int modules_each(struct modules *modules, int (*visit)(struct module *module, void *context),
		 void *context)
{
	struct module *module, *next;
	int result = 0;

	HASH_ITER(hh, modules->by_key, module, next)
	{
		result = visit(module, context);
		if (result)
			break;
	}
	return result;
}

bool module_is_allocator(const struct module *module)
{
	return module->plan && module->plan->allocator;
}

bool module_only_allocates(const struct module *module)
{
	static const char *const names[] = { "jemalloc", "tcmalloc", "mimalloc" };
	const char *slash = strrchr(module->path, '/');

	if (!module_is_allocator(module) || !strstr(slash ? slash : module->path, ".so"))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(module->plan->allocator, names[i]))
			return true;
	return false;
}

bool module_has_probes(const struct module *module)
{
	return module->plan && module->plan->count;
}
