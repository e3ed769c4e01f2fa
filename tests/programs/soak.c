/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak SECONDS FORK_SECONDS: three threads that acquire, resize and release as fast as they can;
 * for FORK_SECONDS, children beside them, one after the other, that acquire and end, or execute
 * this program again, which acquires, loads libraries or makes threads. Each process keeps books
 * of its own calls and says them at its end, in one line:
 *
 *	books PID WHAT acquired COUNT BYTES released COUNT BYTES
 *
 * WHAT is "main", "fork" and "exec", all of whose allocations are in the books (but for a vector of
 * the loader for each thread), and "library" and "threads", where libraries allocate as well.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

#define THREADS 3
#define SLOTS 1024
#define CHILD_BLOCKS 200
#define SHORT_THREADS 20

struct books {
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
};

struct slot {
	void *block;
	size_t bytes;
};

static struct slot slots[THREADS][SLOTS];
static atomic_bool ended;
static char library[4096];

static void acquired(struct books *books, void *block, size_t bytes)
{
	REQUIRE(block != NULL);
	books->acquired_count++;
	books->acquired_bytes += bytes;
}

static void released(struct books *books, size_t bytes)
{
	books->released_count++;
	books->released_bytes += bytes;
}

SITE static void acquire(struct books *books, struct slot *slot, size_t bytes)
{
	slot->block = keep(malloc(bytes));
	slot->bytes = bytes;
	acquired(books, slot->block, bytes);
}

SITE static void resize(struct books *books, struct slot *slot, size_t bytes)
{
	slot->block = keep(realloc(slot->block, bytes));
	acquired(books, slot->block, bytes);
	released(books, slot->bytes);
	slot->bytes = bytes;
}

SITE static void release(struct books *books, struct slot *slot)
{
	free(slot->block);
	released(books, slot->bytes);
	slot->block = NULL;
}

static void step(struct books *books, struct slot *slot, uint64_t number)
{
	size_t bytes = 1 + number * 37 % 700;

	if (!slot->block)
		acquire(books, slot, bytes);
	else if (number % 5 == 0)
		resize(books, slot, bytes);
	else
		release(books, slot);
}

static void say(const char *what, const struct books *books)
{
	char line[200];
	int size = snprintf(line, sizeof(line), "books %d %s acquired %lu %lu released %lu %lu\n",
			    getpid(), what, books->acquired_count, books->acquired_bytes,
			    books->released_count, books->released_bytes);

	REQUIRE(write(STDOUT_FILENO, line, size) == size);
}

static void add(struct books *sum, const struct books *books)
{
	sum->acquired_count += books->acquired_count;
	sum->acquired_bytes += books->acquired_bytes;
	sum->released_count += books->released_count;
	sum->released_bytes += books->released_bytes;
}

/* ---- children ------------------------------------------------------------------ */

static void run_short(struct books *books)
{
	struct slot mine[CHILD_BLOCKS] = { 0 };

	for (size_t i = 0; i < CHILD_BLOCKS; i++)
		acquire(books, &mine[i], 1 + i % 90);
	for (size_t i = 0; i < CHILD_BLOCKS; i += 2)
		release(books, &mine[i]);
}

static void load_libraries(struct books *books)
{
	for (int i = 0; i < 3; i++) {
		void *handle = dlopen(library, RTLD_NOW);

		REQUIRE(handle != NULL);
		run_short(books);
		REQUIRE(dlclose(handle) == 0);
	}
}

static void *short_thread(void *argument)
{
	run_short(argument);
	return NULL;
}

static void make_threads(struct books *books)
{
	for (int i = 0; i < SHORT_THREADS; i++) {
		struct books theirs = { 0 };
		pthread_t thread;

		REQUIRE(pthread_create(&thread, NULL, short_thread, &theirs) == 0);
		REQUIRE(pthread_join(thread, NULL) == 0);
		add(books, &theirs);
	}
}

static const struct {
	const char *name;
	void (*run)(struct books *books);
} executed[] = { { "exec", run_short },
		 { "library", load_libraries },
		 { "threads", make_threads } };

#define EXECUTED (sizeof(executed) / sizeof(*executed))

static void make_child(char *self, size_t number)
{
	size_t which = number % (EXECUTED + 1);
	int status;
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (!pid && which < EXECUTED) {
		execl(self, self, executed[which].name, NULL);
		_exit(98);
	}
	if (!pid) {
		struct books books = { 0 };

		run_short(&books);
		say("fork", &books);
		_exit(0);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- the whole ------------------------------------------------------------------ */

struct worker {
	pthread_t thread;
	struct slot *slots;
	struct books books;
};

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (uint64_t i = 0; !ended; i++)
		step(&worker->books, &worker->slots[i * 7 % SLOTS], i);
	return NULL;
}

static long now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

int main(int argc, char **argv)
{
	struct worker workers[THREADS] = { 0 };
	struct books books = { 0 };
	long begun = now_s(), seconds, fork_seconds;

	REQUIRE(argc > 1);
	REQUIRE(snprintf(library, sizeof(library), "%.*s/libident.so",
			 (int)(strrchr(argv[0], '/') - argv[0]), argv[0]) < (int)sizeof(library));
	for (size_t i = 0; i < EXECUTED; i++) {
		if (strcmp(argv[1], executed[i].name) == 0) {
			executed[i].run(&books);
			say(executed[i].name, &books);
			return 0;
		}
	}
	REQUIRE(argc > 2);
	seconds = strtol(argv[1], NULL, 10);
	fork_seconds = strtol(argv[2], NULL, 10);
	for (int i = 0; i < THREADS; i++) {
		workers[i].slots = slots[i];
		REQUIRE(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
	}
	for (size_t i = 0; now_s() < begun + fork_seconds; i++)
		make_child(argv[0], i);
	while (now_s() < begun + seconds)
		sleep_ms(100);
	ended = true;
	for (int i = 0; i < THREADS; i++) {
		REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
		add(&books, &workers[i].books);
	}
	say("main", &books);
	return 0;
}
