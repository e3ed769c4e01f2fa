/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watchdog's own process: waits for the pipe's end, then continues what is stopped. */
#include "trace/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "trace/parking.h"
#include "util/privilege.h"

/*
 * Our probes live until the kernel has closed all our descriptors: look again
 * for a while, a process may be stopped by the last of them.
 */
#define ROUNDS 50
#define ROUND_NS (20 * 1000 * 1000)

static const int kept_capabilities[] = {
	CAP_KILL,      /* to let processes go on */
	CAP_BPF,       /* our own map: before Linux 5.19 every call may need it */
	CAP_SYS_ADMIN, /* other leaktraces' maps, by their numbers */
};

static void continue_parked(int map_fd)
{
	struct timespec pause = { .tv_nsec = ROUND_NS };
	struct parking parking = { .map_fd = map_fd };

	for (int round = 0; round < ROUNDS; round++) {
		parking_continue_all(&parking);
		nanosleep(&pause, NULL);
	}
}

static void watch(int pipe_fd, int map_fd)
{
	sigset_t all;
	char byte;
	int kept;

	/* A signal to the whole group of processes, Ctrl-C say, must not end it. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "leaktrace-watch");
	/* Links that we were born with would outlive leaktrace: keep two descriptors only. */
	kept = dup3(map_fd, 3, O_CLOEXEC) < 0 || dup3(pipe_fd, 4, O_CLOEXEC) < 0;
	if (kept || syscall(SYS_close_range, 5, ~0U, 0))
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	privilege_keep(kept_capabilities, sizeof(kept_capabilities) / sizeof(*kept_capabilities));
	while (read(4, &byte, 1) < 0 && errno == EINTR)
		continue;
	continue_parked(3);
	_exit(0);
}

int watchdog_start(struct watchdog *watchdog, int parked_map_fd)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	watchdog->pid = fork();
	if (watchdog->pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return -errno;
	}
	if (!watchdog->pid) {
		/* Out of the way of the numbers that watch() chooses. */
		int map_fd = fcntl(parked_map_fd, F_DUPFD_CLOEXEC, 10);
		int pipe_fd = fcntl(ends[0], F_DUPFD_CLOEXEC, 10);

		watch(pipe_fd, map_fd);
	}
	close(ends[0]);
	watchdog->pipe_fd = ends[1];
	return 0;
}

void watchdog_stop(struct watchdog *watchdog)
{
	if (watchdog->pid <= 0)
		return;
	kill(watchdog->pid, SIGKILL);
	waitpid(watchdog->pid, NULL, 0);
	close(watchdog->pipe_fd);
	watchdog->pid = 0;
}
