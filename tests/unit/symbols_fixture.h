/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries that are compiled, loaded and called by a test: the return addresses
 * are true ones, the mappings are the test's own.
 */
#ifndef LEAKTRACE_TESTS_SYMBOLS_FIXTURE_H
#define LEAKTRACE_TESTS_SYMBOLS_FIXTURE_H

#include <dlfcn.h>

#include "elf_fixture.h"

#include "model/snapshot.h"
#include "symbols/symbols.h"
#include "util/proc.h"
#include "util/strings.h"

/* Tests assert its line numbers. */
static const char calls_c[] = "void (*hook)(void);\n"
			      "static volatile int sink;\n"
			      "#define INLINE static inline __attribute__((always_inline))\n"
			      "INLINE void inner(void)\n"
			      "{\n"
			      "	hook(); sink++;\n" /* 6 */
			      "}\n"
			      "INLINE void middle(void)\n"
			      "{\n"
			      "	if (sink >= 0) { int x = 1; inner(); sink += x; }\n" /* 10 */
			      "}\n"
			      "__attribute__((noinline)) void outer(void)\n"
			      "{\n"
			      "	sink = 0;\n"
			      "	middle();\n" /* 15 */
			      "	sink++;\n"
			      "}\n"
			      "__attribute__((noinline)) static void hidden(void)\n"
			      "{\n"
			      "	hook(); sink++;\n" /* 20 */
			      "}\n"
			      "void calls_hidden(void) { hidden(); sink++; }\n";

/* ---- loading, recording, naming ------------------------------------------------------ */

static uint64_t recorded_ip;

static inline void record(void)
{
	recorded_ip = (uintptr_t)__builtin_return_address(0);
}

struct library {
	void *handle;
	uint64_t ip; /* of the hook's caller */
	struct proc_map map;
};

static inline struct proc_map map_at(uint64_t address)
{
	struct proc_map *maps, found = { .path = NULL };
	size_t count;

	assert_int_equal(proc_maps_read(getpid(), &maps, &count), 0);
	for (size_t i = 0; i < count; i++) {
		if (maps[i].start <= address && address < maps[i].end) {
			found = maps[i];
			found.path = strdup(maps[i].path);
		}
	}
	proc_maps_free(maps, count);
	assert_non_null(found.path);
	assert_true(found.executable);
	return found;
}

static inline struct library library_call(const struct fixture *fixture, const char *name,
					  const char *function)
{
	struct library library = { .handle = dlopen(fixture_path(fixture, name), RTLD_NOW) };
	void (**hook)(void);
	void (*call)(void);

	if (!library.handle)
		fail_msg("%s", dlerror());
	hook = (void (**)(void))dlsym(library.handle, "hook");
	*(void **)&call = dlsym(library.handle, function);
	assert_non_null(hook);
	assert_non_null(call);
	*hook = record;
	recorded_ip = 0;
	call();
	library.ip = recorded_ip;
	assert_int_not_equal(library.ip, 0);
	library.map = map_at(library.ip);
	return library;
}

static inline void library_close(struct library *library)
{
	free(library->map.path);
	assert_int_equal(dlclose(library->handle), 0);
}

/* One process, that mapping, and a stack of each ip. */
static inline struct snapshot *snapshot_of(const struct proc_map *map, const uint64_t *ips,
					   uint32_t count)
{
	struct snapshot *snapshot = snapshot_new();
	struct process *process = snapshot ? snapshot_add_process(snapshot) : NULL;
	struct mapping *mapping = process ? process_add_mapping(process) : NULL;

	assert_non_null(mapping);
	mapping->start = map->start;
	mapping->end = map->end;
	mapping->file_offset = map->offset;
	mapping->device = map->device;
	mapping->inode = map->inode;
	mapping->path = strings_intern(snapshot->strings, map->path);
	for (uint32_t i = 0; i < count; i++)
		assert_non_null(process_add_stack(process, &ips[i], 1));
	return snapshot;
}

static inline struct mapping *mapping_of(struct snapshot *snapshot)
{
	return &snapshot->processes[0].mappings[0];
}

static inline struct symbols *new_symbols(const struct fixture *fixture, bool demangle)
{
	struct symbols_options options = {
		.demangle = demangle,
		.debug_root = fixture_path(fixture, "debug"),
	};
	struct symbols *symbols = symbols_new(&options);

	assert_non_null(symbols);
	return symbols;
}

/* Names the library's ip; the snapshot holds the frames. */
static inline struct snapshot *name_library(const struct fixture *fixture,
					    const struct library *library, bool demangle)
{
	struct snapshot *snapshot = snapshot_of(&library->map, &library->ip, 1);
	struct symbols *symbols = new_symbols(fixture, demangle);

	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	symbols_free(symbols);
	assert_non_null(snapshot->processes[0].stacks[0].frames);
	return snapshot;
}

static inline const struct frame *frames_of(const struct snapshot *snapshot, uint32_t count)
{
	const struct stack *stack = &snapshot->processes[0].stacks[0];

	assert_int_equal(stack->frame_count, count);
	return stack->frames;
}

static inline void assert_frame(const struct frame *frame, const char *function, const char *file,
				uint32_t line, bool inlined)
{
	assert_non_null(frame->function);
	assert_string_equal(frame->function, function);
	if (file)
		assert_string_equal(frame->file, file);
	else
		assert_null(frame->file);
	assert_int_equal(frame->line, line);
	assert_int_equal(frame->inlined, inlined);
}

static inline uint64_t offset_in(const struct library *library, const char *function)
{
	return library->ip - (uintptr_t)dlsym(library->handle, function);
}

/* calls.so without its debugging information, which is in calls.debug. */
static inline void build_stripped(const struct fixture *fixture)
{
	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -Wl,--build-id=0xabcdef0123456789 "
			     "-o calls.so calls.c && objcopy --only-keep-debug calls.so calls.debug"
			     " && strip calls.so && mkdir -p debug/.build-id/ab");
}

#endif
