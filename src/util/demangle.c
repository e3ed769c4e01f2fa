/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the choice of demangler, its options, and what it may take. In a name made
 * for it each back reference doubles what it stands for: a few hundred bytes fill
 * any memory, or are searched for ever without a byte written.
 */
#include "util/demangle.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libiberty/demangle.h>

/* Of a longer name nobody reads more. */
#define MAX_BYTES 65536
/* Real names take microseconds. */
#define MAX_SECONDS 1

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
	memcpy(output->text + output->used, part, size);
	output->used += size;
	output->text[output->used] = '\0';
}

static void demangle_rust(struct output *output)
{
	if (!setjmp(output->too_long))
		output->complete =
			rust_demangle_callback(output->mangled, OPTIONS, write_part, output);
}

static void *demangle_cplusplus(void *context)
{
	struct output *output = context;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	if (!setjmp(output->too_long))
		output->complete =
			cplus_demangle_v3_callback(output->mangled, OPTIONS, write_part, output);
	return NULL;
}

/* In a thread, which alone can be ended when it takes too long. */
static void demangle_bounded(struct output *output)
{
	struct timespec end;
	pthread_t thread;

	output->used = 0;
	if (pthread_create(&thread, NULL, demangle_cplusplus, output))
		return;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += MAX_SECONDS;
	if (!pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &end))
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

	if (!symbol_is_mangled(name))
		return NULL;
	output.text = malloc(MAX_BYTES);
	if (!output.text)
		return NULL;
	/* Rust's schemes first, since its old one looks like C++. */
	demangle_rust(&output);
	if (!output.complete)
		demangle_bounded(&output);
	if (output.complete)
		return output.text;
	free(output.text);
	return NULL;
}
