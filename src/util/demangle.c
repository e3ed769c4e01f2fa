/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the choice of demangler, its options, and what it may take. In a name made
 * for it each back reference doubles what it stands for, or a number says how often
 * nothing is to be written: a few bytes fill any memory, or are searched for ever.
 */
#include "util/demangle.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libiberty/demangle.h>

/* Of a longer name nobody reads more. */
#define MAX_BYTES 65536
/* Of a CPU: a tenth of a second. Real names take microseconds. */
#define MAX_TIME_NS 100000000
#define SECOND_NS 1000000000

#define OPTIONS (DMGL_PARAMS | DMGL_ANSI)

struct output {
	const char *mangled;
	char *text; /* of MAX_BYTES */
	size_t used;
	bool complete;
	jmp_buf too_long;
};

/* The demangler cannot be told to stop, but may be left: it only reads and calls this. */
static void write_part(const char *part, size_t size, void *context)
{
	struct output *output = context;

	if (size >= MAX_BYTES - output->used)
		longjmp(output->too_long, 1);
	/* A name without a letter is given as NULL. */
	if (size)
		memcpy(output->text + output->used, part, size);
	output->used += size;
	output->text[output->used] = '\0';
}

static void run(struct output *output,
		int (*demangle)(const char *mangled, int options, demangle_callbackref callback,
				void *context))
{
	output->used = 0;
	if (!setjmp(output->too_long))
		output->complete = demangle(output->mangled, OPTIONS, write_part, output);
}

static void *demangle_any(void *context)
{
	struct output *output = context;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	/* Rust's schemes first, since its old one looks like C++. */
	run(output, rust_demangle_callback);
	if (!output->complete)
		run(output, cplus_demangle_v3_callback);
	return NULL;
}

static bool has_time_left(pthread_t thread)
{
	struct timespec used;
	clockid_t clock;

	return !pthread_getcpuclockid(thread, &clock) && !clock_gettime(clock, &used) &&
	       !used.tv_sec && used.tv_nsec < MAX_TIME_NS;
}

/*
 * In a thread, which alone can be ended when it takes too long. It allocates while it writes,
 * which is bounded, and must not be ended there: time that it waits for a CPU does not count.
 */
static void demangle_bounded(struct output *output)
{
	struct timespec end;
	pthread_t thread;
	int error;

	if (pthread_create(&thread, NULL, demangle_any, output))
		return;
	clock_gettime(CLOCK_MONOTONIC, &end);
	do {
		end.tv_nsec += MAX_TIME_NS;
		end.tv_sec += end.tv_nsec / SECOND_NS;
		end.tv_nsec %= SECOND_NS;
		error = pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &end);
	} while (error == ETIMEDOUT && has_time_left(thread));
	if (!error)
		return;
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	output->complete = false;
}

bool symbol_is_mangled(const char *name)
{
	return !strncmp(name, "_Z", 2) || !strncmp(name, "_R", 2);
}

char *symbol_demangle(const char *name)
{
	struct output output = { .mangled = name };

	if (!symbol_is_mangled(name) || strlen(name) >= MAX_BYTES)
		return NULL;
	output.text = malloc(MAX_BYTES);
	if (!output.text)
		return NULL;
	demangle_bounded(&output);
	if (output.complete)
		return output.text;
	free(output.text);
	return NULL;
}
