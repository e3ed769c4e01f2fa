/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog's own process: waits for the pipe's end, then continues what is stopped and
 * removes what is defined.
 */
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
#include "trace/shared_probes.h"
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

/* Moves descriptors to 3, 4 and so on, and closes all others. Those that are -1 are left out.
 * Returns 0 or -1. */
static int keep_descriptors(int *fds, int count)
{
	/* Out of the way of the numbers that are chosen here. */
	for (int i = 0; i < count; i++)
		if (fds[i] >= 0 && (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3 + count)) < 0)
			return -1;
	for (int fd = 0; fd < 3 + count; fd++)
		close(fd);
	for (int i = 0; i < count; i++) {
		if (fds[i] >= 0 && dup3(fds[i], 3 + i, O_CLOEXEC) < 0)
			return -1;
		fds[i] = fds[i] < 0 ? -1 : 3 + i;
	}
	/* Links that we were born with would outlive leaktrace. */
	return (int)syscall(SYS_close_range, 3 + count, ~0U, 0);
}

static void watch(int pipe_fd, int map_fd, const struct shared_definitions *definitions)
{
	int fds[] = { map_fd, pipe_fd, definitions->fd };
	struct shared_definitions kept = *definitions;
	sigset_t all;
	char byte;

	/* A signal to the whole group of processes, Ctrl-C say, must not end it. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "leaktrace-watch");
	if (keep_descriptors(fds, sizeof(fds) / sizeof(*fds)))
		_exit(1);
	kept.fd = fds[2];
	privilege_keep(kept_capabilities, sizeof(kept_capabilities) / sizeof(*kept_capabilities));
	while (read(fds[1], &byte, 1) < 0 && errno == EINTR)
		continue;
	continue_parked(fds[0]);
	shared_definitions_remove(&kept);
	_exit(0);
}

int watchdog_start(struct watchdog *watchdog, int parked_map_fd,
		   const struct shared_definitions *definitions)
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
	if (!watchdog->pid)
		watch(ends[0], parked_map_fd, definitions);
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
