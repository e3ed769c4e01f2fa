/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbols/: separate debug files, files that changed or are damaged, whole snapshots. */
#include <elf.h>
#include <sys/stat.h>

#include "symbols_fixture.h"

/* ---- separate debug files ------------------------------------------------------------------ */

static void assert_named_by_debug_file(const struct fixture *fixture, bool expected)
{
	struct library library = library_call(fixture, "calls.so", "calls_hidden");
	struct snapshot *snapshot = name_library(fixture, &library, true);
	const struct frame *frame = frames_of(snapshot, 1);

	if (expected) {
		assert_frame(frame, "hidden", fixture_path(fixture, "calls.c"), 20, false);
	} else {
		assert_null(frame->function);
		assert_null(frame->file);
	}
	snapshot_free(snapshot);
	library_close(&library);
}

static void test_debug_by_build_id(void **state)
{
	const struct fixture *fixture = *state;

	build_stripped(fixture);
	assert_named_by_debug_file(fixture, false);
	fixture_run(fixture, "cp calls.debug debug/.build-id/ab/cdef0123456789.debug");
	assert_named_by_debug_file(fixture, true);
	/* Another build's file in its place is refused. */
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -Wl,--build-id=0xabcdef0123456788 "
			     "-o debug/.build-id/ab/cdef0123456789.debug calls.c");
	assert_named_by_debug_file(fixture, false);
}

static void test_debug_by_link(void **state)
{
	const char *places[] = { ".", ".debug", NULL };
	const struct fixture *fixture = *state;
	char below_root[128];

	snprintf(below_root, sizeof(below_root), "debug%s", fixture->folder);
	places[2] = below_root;
	build_stripped(fixture);
	fixture_run(fixture, "objcopy --add-gnu-debuglink=calls.debug calls.so && "
			     "mv calls.debug saved");
	assert_named_by_debug_file(fixture, false);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		fixture_run(fixture, "mkdir -p %s && cp saved %s/calls.debug", places[i],
			    places[i]);
		assert_named_by_debug_file(fixture, true);
		fixture_run(fixture, "echo >>%s/calls.debug", places[i]);
		assert_named_by_debug_file(fixture, false);
		fixture_run(fixture, "rm %s/calls.debug", places[i]);
	}
}

/* DWARF by hand, for this function. */
#define OUTER_S                                                                                    \
	"	.globl hook\n"                                                                           \
	"	.globl outer\n"                                                                          \
	"	.data\n"                                                                                 \
	"hook:	.quad 0\n"                                                                          \
	"	.text\n"                                                                                 \
	"	.type outer, @function\n"                                                                \
	"outer:\n"                                                                                 \
	"	push %rbx\n"                                                                             \
	"	mov hook@GOTPCREL(%rip), %rax\n"                                                         \
	"	call *(%rax)\n"                                                                          \
	"	pop %rbx\n"                                                                              \
	"	ret\n"                                                                                   \
	"end:\n"                                                                                   \
	"	.size outer, end - outer\n"

/* A unit whose one function has its name in the alternate file. */
static const char alt_s[] = OUTER_S "	.section .debug_abbrev\n"
				    "	.uleb128 1, 0x11\n" /* compile unit */
				    "	.byte 1\n"
				    "	.uleb128 0x11, 0x01, 0x12, 0x07, 0, 0\n" /* low, high pc */
				    "	.uleb128 2, 0x2e\n"			 /* subprogram */
				    "	.byte 0\n"
				    "	.uleb128 0x11, 0x01, 0x12, 0x07\n"
				    "	.uleb128 0x03, 0x1f21, 0, 0\n" /* name: GNU_strp_alt */
				    "	.byte 0\n"
				    "	.section .debug_info\n"
				    "	.long 2f - 1f\n"
				    "1:	.value 4\n"
				    "	.long 0\n"
				    "	.byte 8\n"
				    "	.uleb128 1\n"
				    "	.quad outer, end - outer\n"
				    "	.uleb128 2\n"
				    "	.quad outer, end - outer\n"
				    "	.long 1\n"
				    "	.byte 0\n"
				    "2:\n"
				    "	.section .gnu_debugaltlink\n"
				    "	.string \"sub/shared.debug\"\n"
				    "	.byte 0x11, 0x22, 0x33, 0x44\n";

static void assert_outer_is(const struct fixture *fixture, const char *name)
{
	struct library library = library_call(fixture, "alt.so", "outer");
	struct snapshot *snapshot = name_library(fixture, &library, true);

	assert_string_equal(frames_of(snapshot, 1)[0].function, name);
	snapshot_free(snapshot);
	library_close(&library);
}

static void test_alternate_file(void **state)
{
	const struct fixture *fixture = *state;

	fixture_text(fixture, "alt.s", alt_s);
	fixture_text(fixture, "shared.s",
		     "	.section .debug_str\n	.string \"\"\n"
		     "	.string \"by_another_name\"\n"
		     "	.section .debug_info\n	.long 0\n");
	fixture_run(fixture,
		    "gcc -shared -nostdlib -Wl,-z,noexecstack -o alt.so alt.s && mkdir -p sub "
		    "debug/.build-id/11");
	/* Without it the symbol table names the function. */
	assert_outer_is(fixture, "outer");
	fixture_run(fixture, "gcc -shared -nostdlib -Wl,--build-id=0x11223344 "
			     "-o sub/shared.debug shared.s");
	assert_outer_is(fixture, "by_another_name");
	fixture_run(fixture, "mv sub/shared.debug debug/.build-id/11/223344.debug");
	assert_outer_is(fixture, "by_another_name");
	fixture_run(fixture, "gcc -shared -nostdlib -Wl,--build-id=0x11223345 "
			     "-o sub/shared.debug shared.s && rm -r debug");
	assert_outer_is(fixture, "outer");
}

/* Each entry's first child is said to be its sibling, too: a tree of 2^200 entries. */
static const char nested_s[] = OUTER_S "	.section .debug_abbrev\n"
				       "	.uleb128 1, 0x11\n" /* compile unit */
				       "	.byte 1\n"
				       "	.uleb128 0x11, 0x01, 0x12, 0x07, 0, 0\n"
				       "	.uleb128 2, 0x0b\n" /* lexical block */
				       "	.byte 1\n"
				       "	.uleb128 0x01, 0x13, 0, 0\n" /* sibling: ref4 */
				       "	.byte 0\n"
				       "	.section .debug_info\n"
				       "unit:	.long 2f - 1f\n"
				       "1:	.value 4\n"
				       "	.long 0\n"
				       "	.byte 8\n"
				       "	.uleb128 1\n"
				       "	.quad outer, end - outer\n"
				       "	.rept 200\n"
				       "	.byte 2\n"
				       "	.long . + 4 - unit\n"
				       "	.endr\n"
				       "	.fill 202, 1, 0\n"
				       "2:\n";

static void test_nested_siblings(void **state)
{
	const struct fixture *fixture = *state;

	fixture_text(fixture, "alt.s", nested_s);
	fixture_run(fixture, "gcc -shared -nostdlib -Wl,-z,noexecstack -o alt.so alt.s");
	assert_outer_is(fixture, "outer");
}

/* ---- files that changed, snapshots ------------------------------------------------------------
 */

static void assert_refused(const struct snapshot *snapshot, const struct library *library)
{
	const struct frame *frame = frames_of(snapshot, 1);

	assert_null(frame->function);
	assert_null(frame->file);
	assert_false(frame->inlined);
	assert_string_equal(frame->module, library->map.path);
	assert_int_equal(frame->offset, library->ip - library->map.start + library->map.offset);
}

static void test_replaced_file(void **state)
{
	const struct fixture *fixture = *state;
	struct symbols *symbols = new_symbols(fixture, true);
	struct library library;
	struct snapshot *snapshot;

	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(
		fixture,
		"gcc -O2 -g -fPIC -shared -Wl,--build-id=0xaa11223344556677 -o calls.so calls.c "
		"&& cp calls.so copy && ln calls.so kept && mkdir debug");
	library = library_call(fixture, "calls.so", "outer");
	fixture_run(fixture, "mv copy calls.so");
	snapshot = snapshot_of(&library.map, &library.ip, 1);
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	assert_refused(snapshot, &library);
	assert_null(mapping_of(snapshot)->build_id);
	snapshot_free(snapshot);

	/* Another way to it was known, and the same symbolizer tries it. */
	snapshot = snapshot_of(&library.map, &library.ip, 1);
	mapping_of(snapshot)->open_path =
		strings_intern(snapshot->strings, fixture_path(fixture, "kept"));
	mapping_of(snapshot)->build_id = strings_intern(snapshot->strings, "aa11223344556677");
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	assert_string_equal(frames_of(snapshot, 3)[2].function, "outer");
	snapshot_free(snapshot);

	snapshot = snapshot_of(&library.map, &library.ip, 1);
	mapping_of(snapshot)->build_id = strings_intern(snapshot->strings, "aa11223344556678");
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	assert_refused(snapshot, &library);
	assert_string_equal(frames_of(snapshot, 1)->build_id, "aa11223344556678");
	snapshot_free(snapshot);
	library_close(&library);
	symbols_free(symbols);
}

/* The open path leads nowhere any more: the path, if its inode is right. */
static void test_open_path_gone(void **state)
{
	const struct fixture *fixture = *state;
	struct symbols *symbols = new_symbols(fixture, true);
	struct library library;
	struct snapshot *snapshot;

	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -o calls.so calls.c");
	library = library_call(fixture, "calls.so", "outer");
	snapshot = snapshot_of(&library.map, &library.ip, 1);
	mapping_of(snapshot)->open_path = "/nowhere/calls.so";
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	frames_of(snapshot, 3);
	snapshot_free(snapshot);
	library_close(&library);
	symbols_free(symbols);
}

/* Names once found need no file: what is opened stays open. */
static void test_second_snapshot(void **state)
{
	const struct fixture *fixture = *state;
	struct symbols *symbols = new_symbols(fixture, true);
	struct snapshot *first, *second;
	struct library library;

	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -o calls.so calls.c");
	library = library_call(fixture, "calls.so", "outer");
	first = snapshot_of(&library.map, &library.ip, 1);
	assert_int_equal(symbols_resolve(symbols, first), 0);
	fixture_run(fixture, "rm calls.so");
	second = snapshot_of(&library.map, &library.ip, 1);
	assert_int_equal(symbols_resolve(symbols, second), 0);
	symbols_free(symbols);
	/* Each has its own strings. */
	snapshot_free(first);
	assert_frame(&frames_of(second, 3)[2], "outer", fixture_path(fixture, "calls.c"), 15,
		     false);
	snapshot_free(second);
	library_close(&library);
}

static void test_stacks(void **state)
{
	const struct fixture *fixture = *state;
	struct symbols *symbols = new_symbols(fixture, true);
	struct frame *named = calloc(1, sizeof(*named));
	struct snapshot *snapshot;
	struct library library;
	struct process *process;
	struct mapping *unnamed;
	uint64_t ips[5];

	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -o calls.so calls.c");
	library = library_call(fixture, "calls.so", "outer");
	ips[0] = library.ip;
	ips[1] = 0;
	ips[2] = library.ip;
	ips[3] = UINT64_MAX;
	ips[4] = 0x2001;
	snapshot = snapshot_of(&library.map, NULL, 0);
	process = &snapshot->processes[0];
	unnamed = process_add_mapping(process);
	assert_non_null(unnamed);
	unnamed->start = 0x2000;
	unnamed->end = 0x3000;
	unnamed->path = strings_intern(snapshot->strings, "");
	assert_non_null(process_add_stack(process, ips, 5));
	assert_non_null(process_add_stack(process, ips, 0));
	assert_non_null(process_add_stack(process, ips, 1));
	process->stacks[2].frames = named;
	process->stacks[2].frame_count = 1;
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	assert_int_equal(process->stacks[0].frame_count, 3 + 1 + 3 + 1 + 1);
	assert_string_equal(process->stacks[0].frames[6].function, "outer");
	for (int i = 3; i < 9; i += i == 3 ? 4 : 1) {
		const struct frame *frame = &process->stacks[0].frames[i];

		assert_null(frame->function);
		assert_null(frame->module);
	}
	assert_int_equal(process->stacks[0].frames[3].ip, 0);
	assert_int_equal(process->stacks[0].frames[7].ip, UINT64_MAX);
	assert_int_equal(process->stacks[0].frames[8].ip, 0x2001);
	assert_non_null(process->stacks[1].frames);
	assert_int_equal(process->stacks[1].frame_count, 0);
	/* Named before: left alone. */
	assert_ptr_equal(process->stacks[2].frames, named);
	assert_null(named->function);
	snapshot_free(snapshot);
	library_close(&library);
	symbols_free(symbols);
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* Names addresses all over a file of the folder; whatever they are, it must return. */
static void resolve_damaged(const struct fixture *fixture, const char *name)
{
	struct proc_map map = {
		.start = 0x10000,
		.end = 0x20000,
		.path = (char *)fixture_path(fixture, name),
	};
	struct symbols *symbols = new_symbols(fixture, true);
	struct snapshot *snapshot;
	uint64_t ips[256];

	for (size_t i = 0; i < 256; i++)
		ips[i] = map.start + 0x1000 + i * 4;
	snapshot = snapshot_of(&map, ips, 256);
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	for (size_t i = 0; i < 256; i++)
		assert_true(snapshot->processes[0].stacks[i].frame_count >= 1);
	snapshot_free(snapshot);
	symbols_free(symbols);
}

static void test_damaged(void **state)
{
	const struct fixture *fixture = *state;
	unsigned int seed = 7;
	uint8_t *bytes, *copy;
	size_t size;

	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -o calls.so calls.c");
	bytes = fixture_read(fixture, "calls.so", &size);
	copy = malloc(size);
	assert_non_null(copy);
	resolve_damaged(fixture, "calls.so");
	for (size_t length = 1; length < size; length += 1 + length / 37) {
		fixture_write(fixture, "damaged", bytes, length);
		resolve_damaged(fixture, "damaged");
	}
	for (int round = 0; round < 200; round++) {
		memcpy(copy, bytes, size);
		for (int i = 0; i < 6; i++)
			copy[EI_NIDENT + rand_r(&seed) % (size - EI_NIDENT)] = rand_r(&seed);
		fixture_write(fixture, "damaged", copy, size);
		resolve_damaged(fixture, "damaged");
	}
	for (size_t i = 0; i < size; i++)
		copy[i] = rand_r(&seed);
	fixture_write(fixture, "damaged", copy, size);
	resolve_damaged(fixture, "damaged");
	fixture_run(fixture, "rm damaged && mkfifo damaged");
	resolve_damaged(fixture, "damaged");
	free(copy);
	free(bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_debug_by_build_id), CASE(test_debug_by_link), CASE(test_alternate_file),
		CASE(test_nested_siblings),   CASE(test_replaced_file), CASE(test_open_path_gone),
		CASE(test_second_snapshot),   CASE(test_stacks),	CASE(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
