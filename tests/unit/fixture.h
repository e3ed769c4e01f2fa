/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Snapshots for tests, built by hand. Running out of memory ends the test: no
 * builder returns NULL.
 */
#ifndef LEAKTRACE_TESTS_FIXTURE_H
#define LEAKTRACE_TESTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/snapshot.h"
#include "util/strings.h"

#define SECOND_NS 1000000000ULL

static inline struct snapshot *fixture_snapshot(void)
{
	struct snapshot *snapshot = snapshot_new();

	assert_non_null(snapshot);
	snapshot->leaktrace_version = strings_intern(snapshot->strings, "0.0.1");
	snapshot->kernel = strings_intern(snapshot->strings, "6.1.0");
	snapshot->started_unix_ns = 1700000000123456789;
	snapshot->duration_ns = 20 * SECOND_NS;
	return snapshot;
}

static inline struct process *fixture_process(struct snapshot *snapshot, uint32_t pid,
					      const char *comm)
{
	struct process *process = snapshot_add_process(snapshot);

	assert_non_null(process);
	process->pid = pid;
	process->ppid = 1;
	process->comm = strings_intern(snapshot->strings, comm);
	process->end = PROCESS_EXITED;
	process->end_ns = 10 * SECOND_NS;
	return process;
}

/* A frame as tests write it, by FRAME or FRAME_AT. */
struct fixture_frame {
	const char *function;
	uint64_t offset;
	const char *module;
	const char *file;
	uint32_t line;
	bool inlined;
};

/* Returns the stack's index. The list ends with a frame that has neither function nor module. */
static inline uint32_t fixture_stack(struct snapshot *snapshot, struct process *process,
				     const struct fixture_frame *list)
{
	uint64_t ips[64];
	struct stack *stack;
	uint32_t count = 0;

	while (list[count].function || list[count].module) {
		assert_true(count < 64);
		ips[count] = 0x401000 + 0x100 * count + list[count].offset;
		count++;
	}
	stack = process_add_stack(process, ips, count);
	assert_non_null(stack);
	stack->frames = calloc(count + 1, sizeof(*stack->frames));
	assert_non_null(stack->frames);
	stack->frame_count = count;
	for (uint32_t i = 0; i < count; i++)
		stack->frames[i] = (struct frame){
			.ip = ips[i],
			.function = strings_intern(snapshot->strings, list[i].function),
			.offset = list[i].offset,
			.module = strings_intern(snapshot->strings, list[i].module),
			.file = strings_intern(snapshot->strings, list[i].file),
			.line = list[i].line,
			.inlined = list[i].inlined,
		};
	return (uint32_t)process->stack_count - 1;
}

/* A call site with `count` live blocks of `size`, born a second apart from `born_ns` on. */
static inline struct site *fixture_site(struct process *process, uint32_t stack, size_t count,
					uint64_t size, uint64_t born_ns)
{
	struct site *site = process_add_site(process);

	assert_non_null(site);
	site->stack = stack;
	site->first_ns = born_ns;
	site->last_ns = born_ns;
	for (size_t i = 0; i < count; i++) {
		struct resource *resource = site_add_resource(site);

		assert_non_null(resource);
		resource->id = 0x1000 * (process->site_count + 1) + 0x40 * i;
		resource->size = size;
		resource->born_ns = born_ns + i * SECOND_NS;
		site->last_ns = resource->born_ns;
	}
	site->live_bytes = count * size;
	site->acquired_count = count + 2;
	site->acquired_bytes = (count + 2) * size;
	site->released_count = 2;
	site->released_bytes = 2 * size;
	return site;
}

#define FRAME(function_, offset_, module_)                                                         \
	{                                                                                          \
		.function = (function_), .offset = (offset_), .module = (module_)                  \
	}
#define FRAME_AT(function_, offset_, module_, file_, line_, inlined_)                              \
	{                                                                                          \
		.function = (function_), .offset = (offset_), .module = (module_),                 \
		.file = (file_), .line = (line_), .inlined = (inlined_)                            \
	}
#define FRAMES(...) ((const struct fixture_frame[]){ __VA_ARGS__, { .function = NULL } })

/* A process with findings of every sort. Valid until the snapshot gets another process. */
static inline struct process *fixture_leaking(struct snapshot *snapshot, uint32_t pid)
{
	struct process *process = fixture_process(snapshot, pid, "demo");
	uint32_t stack;

	process->exe = strings_intern(snapshot->strings, "/usr/bin/demo");
	process->unmatched_releases = 7;
	process->totals[KIND_HEAP].peak_bytes = 2000000;
	stack = fixture_stack(
		snapshot, process,
		FRAMES(FRAME("operator new(unsigned long)", 0x1c, "/usr/lib/libstdc++.so.6"),
		       FRAME_AT("leak_here", 0x1d, "/usr/bin/demo", "/src/demo/demo.c", 17, true),
		       FRAME_AT("mid", 0x9, "/usr/bin/demo", "/src/demo/demo.c", 25, false),
		       FRAME_AT("main", 0x30, "/usr/bin/demo", "/src/demo/demo.c", 31, false),
		       FRAME("__libc_start_main", 0x85, "/usr/lib/libc.so.6")));
	fixture_site(process, stack, 5, 240000, SECOND_NS)->lost_count = 12;
	stack = fixture_stack(snapshot, process,
			      FRAMES(FRAME(NULL, 0x1234, "/usr/lib/libplugin.so.1"),
				     FRAME("strdup", 0x1a, "/usr/lib/libc.so.6")));
	process->stacks[stack].truncated = true;
	process->stacks[stack].frames[0].build_id = strings_intern(snapshot->strings, "c0ffee");
	fixture_site(process, stack, 1, 18, 9500000000);
	fixture_site(process, SITE_NO_STACK, 2, 1, 5 * SECOND_NS);
	process_sum_totals(process, 0);
	return process;
}

/* Several processes, one of each end, and losses. */
static inline struct snapshot *fixture_many(void)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process;

	snapshot->command = calloc(2, sizeof(*snapshot->command));
	assert_non_null(snapshot->command);
	snapshot->command[0] = strings_intern(snapshot->strings, "make");
	snapshot->command[1] = strings_intern(snapshot->strings, "check");
	snapshot->command_count = 2;
	process = fixture_process(snapshot, 100, "sh");
	fixture_site(process, SITE_NO_STACK, 4, 1000, 0);
	process_sum_totals(process, 0);
	process->end = PROCESS_EXECED;
	process = fixture_process(snapshot, 100, "make");
	process->image = 1;
	process->end = PROCESS_RUNNING;
	fixture_leaking(snapshot, 101);
	process = fixture_process(snapshot, 102, "gotool");
	process->measured = false;
	process->unmeasured_reason = strings_intern(snapshot->strings, "a Go program");
	process = fixture_process(snapshot, 103, "crasher");
	process->end = PROCESS_SIGNALED;
	process->end_value = 11;
	fixture_site(
		process,
		fixture_stack(snapshot, process, FRAMES(FRAME("boom", 0x4, "/usr/bin/crasher"))), 1,
		4096, 2 * SECOND_NS);
	process_sum_totals(process, 0);
	snapshot->losses[LOSS_LIVE] = 12;
	snapshot->losses[LOSS_ABANDONED_CALLS] = 1;
	snapshot->losses[LOSS_UNMATCHED_RELEASES] = 1234;
	return snapshot;
}

#endif
