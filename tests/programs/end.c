/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every way for a process to end.
 * EXPECT site leak_before_end 3/300
 * CASE return EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE return EXPECT end exited=0
 * CASE exit EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE exit EXPECT end exited=3
 * CASE _exit EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE _exit EXPECT end exited=4
 * CASE quick_exit EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE quick_exit EXPECT end exited=5
 * CASE exit_group EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE exit_group EXPECT end exited=6
 * CASE kill EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE kill EXPECT end signaled=9
 * CASE segv EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE segv EXPECT end signaled=11
 * CASE abort EXPECT heap acquired=4/400 released=1/100 live=3/300
 * CASE abort EXPECT end signaled=6
 * CASE thread_exit EXPECT loss releases_unmatched>=0
 * CASE thread_exit EXPECT end exited=7
 * CASE thread_exit EXPECT site @ld-linux any
 * CASE pthread_exit EXPECT loss releases_unmatched>=0
 * CASE pthread_exit EXPECT end exited=0
 * CASE pthread_exit EXPECT site @ld-linux any
 * CASE pthread_exit EXPECT site leak_late 1/33
 * VARIANT attach
 */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "program.h"

SITE static void *leak_before_end(void)
{
	return keep(malloc(100));
}

SITE static void leak_late(void)
{
	keep(malloc(33));
}

static void by_exit(void)
{
	exit(3);
}

static void by__exit(void)
{
	_exit(4);
}

static void by_quick_exit(void)
{
	quick_exit(5);
}

static void by_exit_group(void)
{
	syscall(SYS_exit_group, 6);
}

static void by_kill(void)
{
	kill(getpid(), SIGKILL);
}

static void by_segv(void)
{
	*(volatile int *)keep(NULL) = 0;
}

static void *exit_body(void *unused)
{
	exit(7);
	return unused;
}

static void by_thread_exit(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, exit_body, NULL) == 0);
	for (;;)
		pause();
}

static void *late_body(void *unused)
{
	sleep_ms(100);
	leak_late();
	return unused;
}

static void by_pthread_exit(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, late_body, NULL) == 0);
	pthread_exit(NULL);
}

static void by_return(void)
{
}

static const struct {
	const char *name;
	void (*end)(void);
} ends[] = {
	{ "return", by_return },
	{ "exit", by_exit },
	{ "_exit", by__exit },
	{ "quick_exit", by_quick_exit },
	{ "exit_group", by_exit_group },
	{ "kill", by_kill },
	{ "segv", by_segv },
	{ "abort", abort },
	{ "thread_exit", by_thread_exit },
	{ "pthread_exit", by_pthread_exit },
};

int main(int argc, char **argv)
{
	const struct rlimit no_core = { 0 };

	REQUIRE(argc >= 2);
	REQUIRE(setrlimit(RLIMIT_CORE, &no_core) == 0);
	program_begin(argc, argv);
	for (int i = 0; i < 3; i++)
		leak_before_end();
	free(leak_before_end());
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(argv[1], ends[i].name) == 0) {
			ends[i].end();
			return 0;
		}
	}
	return 2;
}
