/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads: joined, detached in every way, forgotten, still running.
 * CASE joined EXPECT live thread none
 * CASE joined EXPECT total thread acquired=3 released=3 live=0
 * CASE unjoined EXPECT live thread unjoined start 2
 * CASE unjoined EXPECT name thread start forgotten
 * CASE late EXPECT live thread none
 * CASE detached EXPECT live thread none
 * CASE detached_self EXPECT live thread none
 * CASE detached_other EXPECT live thread none
 * CASE detached_early EXPECT live thread none
 * CASE detached_early EXPECT total thread acquired=1 released=1 live=0
 * CASE running EXPECT live thread running start 2
 * CASE running EXPECT name thread start sleepy
 * CASE tried EXPECT live thread none
 * CASE timed EXPECT live thread none
 * CASE busy EXPECT live thread running start 1
 * CASE c11 EXPECT live thread unjoined start_c11 1
 * CASE raw EXPECT live thread running start_raw 1
 * CASE raw_ended EXPECT live thread none
 * CASE many EXPECT live thread unjoined start 50
 * CASE many EXPECT total thread acquired=200 released=150 live=50
 * CASE reused EXPECT live thread unjoined start 1
 * CASE failed EXPECT live thread none
 * CASE fork EXPECT live thread running start 1
 * CASE fork EXPECT process child live thread none
 * CASE main_ends EXPECT live thread unjoined start 1
 * RUN --kinds thread
 * VARIANT attach
 */
#include "program.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>

static pid_t last_tid;

static void *ends(void *argument)
{
	if (argument)
		pthread_setname_np(pthread_self(), argument);
	__atomic_store_n(&last_tid, gettid(), __ATOMIC_SEQ_CST);
	return argument;
}

static void *sleeps(void *argument)
{
	pthread_setname_np(pthread_self(), "sleepy");
	__atomic_store_n(&last_tid, gettid(), __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return argument;
}

SITE static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	last_tid = 0;
	REQUIRE(!pthread_create(&thread, NULL, run, argument));
	return thread;
}

/* Until the thread that was started last has begun. */
static void await_begin(void)
{
	while (!__atomic_load_n(&last_tid, __ATOMIC_SEQ_CST))
		sched_yield();
}

/* Until it has ended, as the kernel sees it. */
static void await_end(void)
{
	await_begin();
	while (!syscall(SYS_tgkill, getpid(), last_tid, 0))
		sched_yield();
}

static void joined(void)
{
	for (int i = 0; i < 3; i++)
		REQUIRE(!pthread_join(start(ends, NULL), NULL));
}

static void unjoined(void)
{
	for (int i = 0; i < 2; i++) {
		start(ends, "forgotten");
		await_end();
	}
}

static void late(void)
{
	pthread_t thread = start(ends, NULL);

	await_end();
	REQUIRE(!pthread_join(thread, NULL));
}

SITE static void start_detached(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	REQUIRE(!pthread_create(&thread, &attributes, ends, NULL));
	pthread_attr_destroy(&attributes);
}

static void detached(void)
{
	start_detached();
	await_end();
}

static void *detaches_itself(void *argument)
{
	pthread_detach(pthread_self());
	return ends(argument);
}

static void detached_self(void)
{
	start(detaches_itself, NULL);
	await_end();
}

/* On one processor a thread of higher priority runs before the call that creates it returns. */
static void detached_early(void)
{
	struct sched_param high = { .sched_priority = 10 };
	pthread_attr_t attributes;
	pthread_t thread;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	REQUIRE(!sched_setaffinity(0, sizeof(one), &one));
	REQUIRE(!pthread_attr_init(&attributes));
	REQUIRE(!pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED));
	REQUIRE(!pthread_attr_setschedpolicy(&attributes, SCHED_FIFO));
	REQUIRE(!pthread_attr_setschedparam(&attributes, &high));
	last_tid = 0;
	REQUIRE(!pthread_create(&thread, &attributes, detaches_itself, NULL));
	await_end();
}

static void detached_other(void)
{
	pthread_t thread = start(ends, NULL);

	await_end();
	REQUIRE(!pthread_detach(thread));
}

static void running(void)
{
	for (int i = 0; i < 2; i++) {
		start(sleeps, NULL);
		await_begin();
	}
}

static void tried(void)
{
	pthread_t thread = start(ends, NULL);

	await_end();
	REQUIRE(!pthread_tryjoin_np(thread, NULL));
}

static void timed(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	REQUIRE(!pthread_timedjoin_np(start(ends, NULL), NULL, &end));
}

/* A join that fails joins nothing. */
static void busy(void)
{
	pthread_t thread = start(sleeps, NULL);

	await_begin();
	REQUIRE(pthread_tryjoin_np(thread, NULL) == EBUSY);
}

static int ends_c11(void *argument)
{
	return ends(argument) != NULL;
}

SITE static thrd_t start_c11(void)
{
	thrd_t thread;

	last_tid = 0;
	REQUIRE(thrd_create(&thread, ends_c11, NULL) == thrd_success);
	return thread;
}

static void c11(void)
{
	thrd_t thread = start_c11();

	REQUIRE(thrd_join(thread, NULL) == thrd_success);
	thread = start_c11();
	await_end();
	REQUIRE(thrd_detach(thread) == thrd_success);
	start_c11();
	await_end();
}

static char raw_stack[2][65536] __attribute__((aligned(16)));

static int runs_raw(void *argument)
{
	__atomic_store_n(&last_tid, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
	while (argument)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return 0;
}

SITE static void start_raw(void *argument)
{
	const int flags =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

	last_tid = 0;
	REQUIRE(clone(runs_raw, raw_stack[!argument] + sizeof(raw_stack[0]), flags, argument) > 0);
}

static void raw(void)
{
	start_raw(raw_stack);
	await_begin();
}

static void raw_ended(void)
{
	start_raw(NULL);
	await_end();
}

static void many(void)
{
	for (int i = 0; i < 200; i++) {
		pthread_t thread = start(ends, NULL);

		await_end();
		if (i % 4)
			REQUIRE(!pthread_join(thread, NULL));
	}
}

/* A handle is given out again after its thread was joined. */
static void reused(void)
{
	pthread_t first = start(ends, NULL), second;

	REQUIRE(!pthread_join(first, NULL));
	second = start(ends, NULL);
	await_end();
	REQUIRE(second == first);
}

static void failed(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	REQUIRE(!pthread_attr_setstacksize(&attributes, 1UL << 50));
	REQUIRE(pthread_create(&thread, &attributes, ends, NULL) == EAGAIN);
}

static void forks(void)
{
	int status;
	pid_t child;

	start(sleeps, NULL);
	await_begin();
	child = fork();
	if (!child)
		_exit(0);
	REQUIRE(waitpid(child, &status, 0) == child && !status);
}

static void main_ends(void)
{
	start(ends, NULL);
	await_end();
	pthread_exit(NULL);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "joined", joined },
	{ "unjoined", unjoined },
	{ "late", late },
	{ "detached", detached },
	{ "detached_self", detached_self },
	{ "detached_other", detached_other },
	{ "detached_early", detached_early },
	{ "running", running },
	{ "tried", tried },
	{ "timed", timed },
	{ "busy", busy },
	{ "c11", c11 },
	{ "raw", raw },
	{ "raw_ended", raw_ended },
	{ "many", many },
	{ "reused", reused },
	{ "failed", failed },
	{ "fork", forks },
	{ "main_ends", main_ends },
};

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	REQUIRE(argc > 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(cases[i].name, argv[1]))
			cases[i].run();
	return 0;
}
