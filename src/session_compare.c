/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two commands held against each other: each is run several times under a leaktrace of its own,
 * as any user would; their recordings are compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyze/usage.h"
#include "judgement.h"
#include "model/snapshot.h"
#include "options.h"
#include "report/report.h"
#include "session.h"
#include "util/array.h"
#include "util/file.h"
#include "util/log.h"
#include "util/status.h"

struct compared {
	const struct options *options;
	char folder[32];
	char recording[64];
	struct usage least[2];
	struct snapshot *last[2]; /* of each command's last run */
};

struct arguments {
	const char **texts;
	size_t count;
	bool failed;
};

static void add(struct arguments *arguments, const char *text)
{
	const char **slot = array_add(&arguments->texts, &arguments->count, sizeof(*slot));

	if (slot)
		*slot = text;
	else
		arguments->failed = true;
}

/* The heap alone, and no look into memory: nothing else is compared. */
static void make_arguments(const struct compared *compared, char *const *command, size_t count,
			   struct arguments *arguments)
{
	static const char *const fixed[] = { "leaktrace", "--kinds", "heap", "--no-scan", "-o" };
	const struct options *options = compared->options;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		add(arguments, fixed[i]);
	add(arguments, compared->recording);
	if (options->user) {
		add(arguments, "--user");
		add(arguments, options->user);
	}
	if (options->no_follow)
		add(arguments, "--no-follow");
	if (options->no_namespace)
		add(arguments, "--no-namespace");
	add(arguments, "--");
	for (size_t i = 0; i < count; i++)
		add(arguments, command[i]);
	add(arguments, NULL);
}

/* Its report is of no interest, what its command writes is not either. */
static void run_child(const struct arguments *arguments)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	signal(SIGINT, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (nowhere >= 0) {
		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
	}
	execv("/proc/self/exe", (char *const *)arguments->texts);
	_exit(STATUS_UNMEASURED);
}

/* Returns the exit status of the run, 128 + n for a signal; or -errno. */
static int run(const struct compared *compared, char *const *command, size_t count)
{
	struct arguments arguments = { 0 };
	int status = 0;
	pid_t child;

	make_arguments(compared, command, count, &arguments);
	errno = ENOMEM;
	child = arguments.failed ? -1 : fork();
	if (!child)
		run_child(&arguments);
	free(arguments.texts);
	if (child < 0)
		return -errno;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The first run warms up: caches of the machine, not of the program. Returns an exit status. */
static int run_often(struct compared *compared, int which, char *const *command, size_t count)
{
	for (uint64_t i = 0; i <= compared->options->runs; i++) {
		int status = run(compared, command, count);
		struct usage usage;

		if (status) {
			log_error("%s (%c of the two) ended with status %d: only commands that "
				  "succeed are compared",
				  command[0], 'A' + which, status < 0 ? STATUS_UNMEASURED : status);
			return STATUS_UNMEASURED;
		}
		snapshot_free(compared->last[which]);
		compared->last[which] = NULL;
		status = judgement_read_recording(compared->recording, &compared->last[which]);
		if (status)
			return status;
		usage = usage_of(compared->last[which]);
		if (i <= 1)
			compared->least[which] = usage;
		else
			usage_keep_least(&compared->least[which], &usage);
	}
	return 0;
}

static bool needs_more(const struct compared *compared)
{
	static const enum usage_figure judged[] = { USAGE_PEAK_LIVE, USAGE_BYTES };

	for (size_t i = 0; i < sizeof(judged) / sizeof(*judged); i++)
		if (compared->least[1].figures[judged[i]] >
		    compared->least[0].figures[judged[i]] + compared->options->allowed_bytes)
			return true;
	return false;
}

static int write_results(const struct compared *compared)
{
	const struct options *options = compared->options;
	struct usage_differences differences;
	bool more = needs_more(compared);
	int error = usage_compare(&differences, compared->last[0], compared->last[1]);

	if (!error)
		error = report_compare(compared->least, &differences, more, stdout);
	if (!error && options->json) {
		FILE *json = file_create(options->json);

		error = json ? file_finish(json, options->json,
					   report_compare_json(compared->least, &differences, more,
							       json))
			     : -errno;
	}
	usage_differences_clear(&differences);
	if (error) {
		log_error("cannot write the comparison: %s", strerror(-error));
		return STATUS_UNMEASURED;
	}
	if (!more)
		return STATUS_OK;
	return options->error_exitcode ? (int)options->error_exitcode : STATUS_LEAK;
}

int session_compare(const struct options *options)
{
	struct compared compared = { .options = options, .folder = "/tmp/leaktrace-XXXXXX" };
	int status;

	/* A terminal sends it to the runs, too: what they end with is told, and the folder removed.
	 */
	signal(SIGINT, SIG_IGN);
	if (!mkdtemp(compared.folder)) {
		log_error("cannot make a folder in /tmp: %s", strerror(errno));
		return STATUS_UNMEASURED;
	}
	snprintf(compared.recording, sizeof(compared.recording), "%s/run", compared.folder);
	status = run_often(&compared, 0, options->command, options->command_count);
	if (!status)
		status = run_often(&compared, 1, options->other_command,
				   options->other_command_count);
	if (!status)
		status = write_results(&compared);
	unlink(compared.recording);
	rmdir(compared.folder);
	snapshot_free(compared.last[0]);
	snapshot_free(compared.last[1]);
	return status;
}
