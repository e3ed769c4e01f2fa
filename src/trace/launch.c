/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's side and ours, joined by two pipes. */
#include "trace/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/private_files.h"

struct report {
	enum launch_step step;
	int error;
};

static int become_user(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid))
		return -errno;
	return 0;
}

static void tell(int fd, enum launch_step step, int error)
{
	struct report report = { step, error };

	if (write(fd, &report, sizeof(report)) != sizeof(report))
		_exit(1);
	if (error)
		_exit(1);
}

/* Returns 0 or -errno. */
static int redirect(int output_fd)
{
	int null = open("/dev/null", O_RDONLY);

	if (null < 0)
		return -errno;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
	    dup2(output_fd, STDERR_FILENO) < 0)
		return -errno;
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

static void child(const struct launch_options *options, const struct passwd *user, int go_fd,
		  int result_fd)
{
	char go;

	if (options->files)
		tell(result_fd, LAUNCH_NAMESPACE, private_files_enter(options->files));
	if (user)
		tell(result_fd, LAUNCH_USER, become_user(user));
	tell(result_fd, LAUNCH_EXEC, 0);
	if (read(go_fd, &go, 1) != 1)
		_exit(1);
	if (options->output_fd >= 0 && redirect(options->output_fd))
		_exit(1);
	execvp(options->command[0], options->command);
	tell(result_fd, LAUNCH_EXEC, -errno);
}

/* Reads until the child is ready; its report of LAUNCH_EXEC says so. */
static int wait_ready(int fd, enum launch_step *step)
{
	struct report report;

	do {
		if (read(fd, &report, sizeof(report)) != sizeof(report))
			return -ECHILD;
		*step = report.step;
		if (report.error)
			return report.error;
	} while (report.step != LAUNCH_EXEC);
	return 0;
}

int launch_prepare(const struct launch_options *options, struct launch *launch,
		   enum launch_step *step)
{
	const struct passwd *user = NULL;
	int go[2], result[2], error;

	*step = LAUNCH_USER;
	if (options->user) {
		errno = 0;
		user = getpwnam(options->user);
		if (!user)
			return errno ? -errno : -ENOENT;
	}
	*step = LAUNCH_EXEC;
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(result, O_CLOEXEC)) {
		error = -errno;
		goto close_go;
	}
	launch->pid = fork();
	if (launch->pid < 0) {
		error = -errno;
		goto close_result;
	}
	if (!launch->pid) {
		close(go[1]);
		close(result[0]);
		child(options, user, go[0], result[1]);
		_exit(1);
	}
	close(go[0]);
	close(result[1]);
	launch->go_fd = go[1];
	launch->result_fd = result[0];
	error = wait_ready(launch->result_fd, step);
	if (error)
		launch_cancel(launch);
	return error;

close_result:
	close(result[0]);
	close(result[1]);
close_go:
	close(go[0]);
	close(go[1]);
	return error;
}

int launch_go(struct launch *launch)
{
	struct report report;
	ssize_t bytes;
	int error = 0;

	if (write(launch->go_fd, "g", 1) != 1)
		error = errno ? -errno : -EIO;
	/* Without a word the child ends; it waits for one no longer. */
	close(launch->go_fd);
	/* Closed by exec: nothing to read is success. */
	bytes = error ? 0 : read(launch->result_fd, &report, sizeof(report));
	if (bytes == sizeof(report))
		error = report.error;
	close(launch->result_fd);
	if (error) {
		waitpid(launch->pid, NULL, 0);
		launch->pid = 0;
	}
	return error;
}

void launch_cancel(struct launch *launch)
{
	if (launch->pid <= 0)
		return;
	close(launch->go_fd);
	close(launch->result_fd);
	waitpid(launch->pid, NULL, 0);
	launch->pid = 0;
}
