/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gate is to fail, or to let pass: gate WHAT...
 *
 *     heap    3 blocks of 1000 bytes, lost        reachable  a block that is kept
 *     fd      2 descriptors left open             mmap       a mapping of 1 MB
 *     thread  a thread that ended, not joined     running    a thread that runs to the end
 *     child   a child process that does "heap"    accepted   lost, and suppressed by itself
 *     kill    ends by SIGKILL                     status     ends with status 7
 */
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static void *kept;

/* For LeakSanitizer; <sanitizer/lsan_interface.h>. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:accepted_leak\n";
}

SITE static void leak_heap(void)
{
	for (int i = 0; i < 3; i++)
		keep(malloc(1000));
}

SITE static void accepted_leak(void)
{
	keep(malloc(77));
}

SITE static void leak_fd(void)
{
	for (int i = 0; i < 2; i++)
		REQUIRE(open("/dev/null", O_RDONLY) >= 0);
}

SITE static void leak_mmap(void)
{
	REQUIRE(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		MAP_FAILED);
}

static void *end_soon(void *argument)
{
	return argument;
}

static void *run_on(void *argument)
{
	for (;;)
		pause();
	return argument;
}

SITE static void leak_thread(void *(*function)(void *argument))
{
	pthread_t thread;

	REQUIRE(!pthread_create(&thread, NULL, function, NULL));
	sleep_ms(50);
}

SITE static void leak_in_child(void)
{
	pid_t child = fork();

	if (!child) {
		leak_heap();
		exit(0);
	}
	REQUIRE(waitpid(child, NULL, 0) == child);
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "heap"))
			leak_heap();
		else if (!strcmp(argv[i], "accepted"))
			accepted_leak();
		else if (!strcmp(argv[i], "reachable"))
			kept = malloc(500);
		else if (!strcmp(argv[i], "fd"))
			leak_fd();
		else if (!strcmp(argv[i], "mmap"))
			leak_mmap();
		else if (!strcmp(argv[i], "thread"))
			leak_thread(end_soon);
		else if (!strcmp(argv[i], "running"))
			leak_thread(run_on);
		else if (!strcmp(argv[i], "child"))
			leak_in_child();
		else if (!strcmp(argv[i], "kill"))
			raise(SIGKILL);
		else if (!strcmp(argv[i], "status"))
			status = 7;
		else
			REQUIRE(!"a known argument");
	}
	keep(kept);
	return status;
}
