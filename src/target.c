/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target's side of a run, with the messages that concern it. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "elf/elf_file.h"
#include "options.h"
#include "session.h"
#include "trace/modules.h"
#include "util/file.h"
#include "util/log.h"
#include "util/proc.h"
#include "util/status.h"

/* ---- processes that run already ------------------------------------------------ */

static const char *why_not_followed(int error)
{
	static const struct {
		int error;
		const char *text;
	} texts[] = {
		{ -ESRCH, "no such process" },
		{ -ENOENT, "no such process" },
		{ -EACCES, "not allowed to look at it; try sudo" },
		{ -EPERM, "not allowed to look at it; try sudo" },
		{ -ENXIO, "it is a kernel thread, which has no heap of its own" },
		{ -EAFNOSUPPORT, "it is a 32-bit program; only 64-bit ones can be traced" },
		{ -ENOTSUP, "it is a Go program; return probes would break its stacks" },
		{ -ENODATA, "no allocator was found in it (static and stripped? see "
			    "--alloc-prefix and --object)" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].error == error)
			return texts[i].text;
	return strerror(-error);
}

static int check_process(pid_t pid)
{
	struct elf_file *file;
	struct proc_stat stat;
	char exe[32];
	int error = proc_stat_read(pid, &stat);

	if (error)
		return error;
	if (stat.kernel_thread)
		return -ENXIO;
	if (stat.state == 'Z' || stat.state == 'X')
		return -ESRCH;
	if (proc_tgid(pid) != pid)
		return -ESRCH;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	error = elf_file_open(exe, &file);
	if (!error)
		elf_file_close(file);
	return error;
}

static int each_process(const struct options *options, int (*act)(pid_t pid, void *context),
			void *context)
{
	for (size_t i = 0; i < options->pid_count; i++) {
		int error = act(options->pids[i], context);

		if (!error)
			continue;
		log_error("cannot trace process %d: %s", options->pids[i], why_not_followed(error));
		return STATUS_UNMEASURED;
	}
	return 0;
}

static int act_check(pid_t pid, void *context)
{
	(void)context;
	return check_process(pid);
}

/* A process in the middle of an exec has no mappings for a moment: it is looked at again. */
#define EXEC_PATIENCE_MS 2000

static int act_follow(pid_t pid, void *context)
{
	const struct timespec moment = { .tv_nsec = 5000000 };
	int error = follower_add_process(context, pid);

	for (int ms = 0; error == -ESRCH && ms < EXEC_PATIENCE_MS && !check_process(pid); ms += 5) {
		nanosleep(&moment, NULL);
		error = follower_add_process(context, pid);
	}
	return error;
}

/* ---- a command that we start ---------------------------------------------------- */

/* The file that execvp(3) will run; -1 when there is none, which exec itself will say. */
static int open_command(const char *name, char path[PATH_MAX])
{
	const char *folders = getenv("PATH");
	struct stat status;

	if (strchr(name, '/')) {
		snprintf(path, PATH_MAX, "%s", name);
		return file_open(path, &status);
	}
	for (const char *at = folders ? folders : "/bin:/usr/bin"; at; at = strchr(at, ':')) {
		at += *at == ':';
		snprintf(path, PATH_MAX, "%.*s/%s", (int)strcspn(at, ":"), at, name);
		if (!access(path, X_OK))
			return file_open(path, &status);
	}
	return -1;
}

/* An executable with an allocator of its own gets a private copy as well. */
static void add_command(struct target *target, const char *name, struct modules *modules)
{
	char path[PATH_MAX];
	struct module *module;
	int fd = open_command(name, path);

	if (fd < 0)
		return;
	module = modules_examine(modules, modules_add_file(modules, fd, path));
	if (module && module_is_allocator(module))
		private_files_add(&target->files, path, true);
}

static void copy_files(struct target *target, const struct options *options,
		       struct modules *modules)
{
	int error;

	if (options->no_namespace) {
		target->scope = FOLLOW_PROCESSES;
		return;
	}
	error = private_files_open(&target->files);
	if (error) {
		log_notice("no private copies of libraries (%s): attaching process by process",
			   strerror(-error));
		target->scope = FOLLOW_PROCESSES;
		return;
	}
	add_command(target, options->command[0], modules);
	for (size_t i = 0; i < options->objects.count; i++)
		private_files_add(&target->files, options->objects.texts[i], true);
	private_files_add_system(&target->files, getenv("LD_PRELOAD"));
}

static int explain_launch(const struct options *options, enum launch_step step, int error)
{
	if (step == LAUNCH_USER && error == -ENOENT)
		log_error("there is no user '%s'", options->user);
	else if (step == LAUNCH_USER)
		log_error("cannot become user '%s': %s", options->user, strerror(-error));
	else
		log_error("cannot start a process: %s", strerror(-error));
	return STATUS_UNMEASURED;
}

static int prepare_command(struct target *target, const struct options *options,
			   struct modules *modules)
{
	struct launch_options launch = {
		.command = options->command,
		.user = options->user,
		.output_fd = target->output_fd,
	};
	enum launch_step step;
	int error;

	copy_files(target, options, modules);
	launch.files = target->scope == FOLLOW_FILES ? &target->files : NULL;
	error = launch_prepare(&launch, &target->launch, &step);
	if (error && step == LAUNCH_NAMESPACE) {
		log_notice("no mount namespace for the command (%s): attaching process by process",
			   strerror(-error));
		target->scope = FOLLOW_PROCESSES;
		launch.files = NULL;
		error = launch_prepare(&launch, &target->launch, &step);
	}
	return error ? explain_launch(options, step, error) : 0;
}

static int start_command(const struct target *target, const struct options *options,
			 struct follower *follower)
{
	int error = 0;

	for (size_t i = 0; i < target->files.count && target->scope == FOLLOW_FILES; i++) {
		struct private_file *file = &target->files.files[i];

		error = follower_add_file(follower, file->fd, file->path, file->eager);
		file->fd = -1;
		/* Not an ELF file (a linker script, say) is no trouble. */
		if (error && error != -ENOEXEC) {
			log_error("cannot probe %s: %s", file->path, strerror(-error));
			return STATUS_UNMEASURED;
		}
	}
	error = follower_add_command(follower, target->launch.pid, !options->no_pause);
	if (!error)
		return 0;
	log_error("cannot follow the command: %s", strerror(-error));
	return STATUS_UNMEASURED;
}

/* ---- both ------------------------------------------------------------------------ */

int target_prepare(struct target *target, const struct options *options, struct modules *modules)
{
	if (options->mode == MODE_COMMAND)
		return prepare_command(target, options, modules);
	target->scope = FOLLOW_PROCESSES;
	return each_process(options, act_check, NULL);
}

int target_start(const struct target *target, const struct options *options,
		 struct follower *follower)
{
	if (options->mode == MODE_COMMAND)
		return start_command(target, options, follower);
	return each_process(options, act_follow, follower);
}

int target_go(struct target *target)
{
	int error = 0;

	if (target->launch.pid > 0)
		error = launch_go(&target->launch);
	target->exec_error = error;
	return error;
}

bool target_is_running(const struct target *target)
{
	return target->launch.pid > 0;
}

void target_signal(const struct target *target, int signal)
{
	if (target_is_running(target))
		kill(target->launch.pid, signal);
}

bool target_reap(struct target *target)
{
	if (!target_is_running(target) ||
	    waitpid(target->launch.pid, &target->wait_status, WNOHANG) <= 0)
		return false;
	target->launch.pid = 0;
	return true;
}

int target_wait(struct target *target)
{
	if (target_is_running(target))
		while (waitpid(target->launch.pid, &target->wait_status, 0) < 0 && errno == EINTR)
			continue;
	target->launch.pid = 0;
	return WIFSIGNALED(target->wait_status) ? 128 + WTERMSIG(target->wait_status)
						: WEXITSTATUS(target->wait_status);
}

int target_explain_exec(const struct target *target, const struct options *options)
{
	log_error("cannot run %s: %s", options->command[0], strerror(-target->exec_error));
	return target->exec_error == -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

void target_cancel(struct target *target)
{
	launch_cancel(&target->launch);
	private_files_close(&target->files);
}
