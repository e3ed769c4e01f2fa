/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols/ against libraries that are compiled, loaded and called here: the
 * return addresses are true ones, the mappings are this process's own.
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "elf_fixture.h"

#include "elf/elf_file.h"
#include "model/snapshot.h"
#include "symbols/demangle.h"
#include "symbols/ranges.h"
#include "symbols/symbols.h"
#include "util/proc.h"
#include "util/strings.h"

/* Line numbers are asserted below. */
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

static void record(void)
{
	recorded_ip = (uintptr_t)__builtin_return_address(0);
}

struct library {
	void *handle;
	uint64_t ip; /* of the hook's caller */
	struct proc_map map;
};

static struct proc_map map_at(uint64_t address)
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

static struct library library_call(const struct fixture *fixture, const char *name,
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

static void library_close(struct library *library)
{
	free(library->map.path);
	assert_int_equal(dlclose(library->handle), 0);
}

/* One process, that mapping, and a stack of each ip. */
static struct snapshot *snapshot_of(const struct proc_map *map, const uint64_t *ips, uint32_t count)
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

static struct mapping *mapping_of(struct snapshot *snapshot)
{
	return &snapshot->processes[0].mappings[0];
}

static struct symbols *new_symbols(const struct fixture *fixture, bool demangle)
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
static struct snapshot *name_library(const struct fixture *fixture, const struct library *library,
				     bool demangle)
{
	struct snapshot *snapshot = snapshot_of(&library->map, &library->ip, 1);
	struct symbols *symbols = new_symbols(fixture, demangle);

	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	symbols_free(symbols);
	assert_non_null(snapshot->processes[0].stacks[0].frames);
	return snapshot;
}

static const struct frame *frames_of(const struct snapshot *snapshot, uint32_t count)
{
	const struct stack *stack = &snapshot->processes[0].stacks[0];

	assert_int_equal(stack->frame_count, count);
	return stack->frames;
}

static void assert_frame(const struct frame *frame, const char *function, const char *file,
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

static uint64_t offset_in(const struct library *library, const char *function)
{
	return library->ip - (uintptr_t)dlsym(library->handle, function);
}

/* ---- DWARF ------------------------------------------------------------------------------ */

static void check_inlined(const struct fixture *fixture)
{
	struct library library = library_call(fixture, "calls.so", "outer");
	struct snapshot *snapshot = name_library(fixture, &library, true);
	const struct frame *frames = frames_of(snapshot, 3);
	const char *source = fixture_path(fixture, "calls.c");

	assert_frame(&frames[0], "inner", source, 6, true);
	assert_frame(&frames[1], "middle", source, 10, true);
	assert_frame(&frames[2], "outer", source, 15, false);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(frames[i].ip, library.ip);
		assert_int_equal(frames[i].offset, offset_in(&library, "outer"));
		assert_string_equal(frames[i].module, fixture_path(fixture, "calls.so"));
		assert_ptr_equal(frames[i].build_id, mapping_of(snapshot)->build_id);
	}
	assert_non_null(frames[0].build_id);
	assert_int_equal(strlen(frames[0].build_id), 40);
	snapshot_free(snapshot);
	library_close(&library);
}

static void test_inlined(void **state)
{
	static const char *const compilers[] = {
		"gcc -gdwarf-5",   "gcc -gdwarf-4",   "clang -gdwarf-5",
		"clang -gdwarf-4", "gcc -g -gz=zlib", "gcc -g -gno-as-loc-support",
	};

	for (size_t i = 0; i < sizeof(compilers) / sizeof(*compilers); i++) {
		const struct fixture *fixture = *state;

		fixture_text(fixture, "calls.c", calls_c);
		fixture_run(fixture,
			    "rm -f calls.so && %s -O2 -fPIC -shared -Wl,--build-id=sha1 "
			    "-o calls.so calls.c",
			    compilers[i]);
		check_inlined(fixture);
	}
}

/* Its units have no .debug_aranges, others of the file do. */
static void test_mixed_compilers(void **state)
{
	const struct fixture *fixture = *state;

	fixture_text(fixture, "calls.c", calls_c);
	fixture_text(fixture, "other.c", "int other(int x) { return x + 1; }\n");
	fixture_run(fixture, "clang -O2 -g -fPIC -c calls.c && gcc -O2 -g -fPIC -c other.c && "
			     "gcc -shared -Wl,--build-id=sha1 -o calls.so other.o calls.o");
	check_inlined(fixture);
}

/* What the linker drops stays in the DWARF as code at address 0. */
static void test_dropped_functions(void **state)
{
	const struct fixture *fixture = *state;

	fixture_text(fixture, "calls.c", calls_c);
	fixture_text(fixture, "dropped.c",
		     "volatile int s;\n#define A s++; s--; s++; s--; s++; s--; s++; s--;\n"
		     "#define B A A A A A A A A A A A A A A A A\n"
		     "__attribute__((visibility(\"hidden\"))) void dropped(void)\n"
		     "{ B B B B B B B B B B B B B B B B }\n");
	fixture_run(fixture, "gcc -O1 -g -fPIC -ffunction-sections -c dropped.c && "
			     "gcc -O2 -g -fPIC -c calls.c && "
			     "gcc -shared -Wl,--gc-sections -Wl,--build-id=sha1 "
			     "-o calls.so dropped.o calls.o");
	check_inlined(fixture);
}

static void test_relative_paths(void **state)
{
	const struct fixture *fixture = *state;
	struct library library;
	struct snapshot *snapshot;

	fixture_run(fixture, "mkdir sub");
	fixture_text(fixture, "sub/calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -o calls.so ./sub/calls.c");
	library = library_call(fixture, "calls.so", "outer");
	snapshot = name_library(fixture, &library, true);
	assert_string_equal(frames_of(snapshot, 3)[0].file, fixture_path(fixture, "sub/calls.c"));
	assert_string_equal(frames_of(snapshot, 3)[1].file, fixture_path(fixture, "sub/calls.c"));
	snapshot_free(snapshot);
	library_close(&library);
}

static void test_static_function(void **state)
{
	const struct fixture *fixture = *state;
	struct library library;
	struct snapshot *snapshot;

	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -o calls.so calls.c");
	library = library_call(fixture, "calls.so", "calls_hidden");
	snapshot = name_library(fixture, &library, true);
	assert_frame(frames_of(snapshot, 1), "hidden", fixture_path(fixture, "calls.c"), 20, false);
	snapshot_free(snapshot);
	library_close(&library);
}

static const char names_cc[] =
	"extern \"C\" { void (*hook)(void); }\n"
	"static volatile int sink;\n"
	"namespace shop {\n"
	"template <typename T> struct box {\n"
	"	T value;\n"
	"	__attribute__((noinline)) void fill(T x, const char *) { value = x; hook(); "
	"sink++; }\n"
	"};\n"
	"}\n"
	"extern \"C\" void call_template(void) { shop::box<long> b; b.fill(3, \"\"); sink++; }\n"
	"extern \"C\" void call_lambda(void)\n"
	"{\n"
	"	auto f = [](int x) __attribute__((noinline)) { hook(); sink += x; };\n"
	"	f(1); sink++;\n"
	"}\n";

static void check_name(const struct fixture *fixture, const char *call, bool demangle,
		       const char *expected)
{
	struct library library = library_call(fixture, "names.so", call);
	struct snapshot *snapshot = name_library(fixture, &library, demangle);

	assert_string_equal(frames_of(snapshot, 1)[0].function, expected);
	snapshot_free(snapshot);
	library_close(&library);
}

static void test_cplusplus(void **state)
{
	static const char *const flags[] = { "g++ -O1 -g", "g++ -O1", "clang++ -O1 -g" };
	const struct fixture *fixture = *state;

	fixture_text(fixture, "names.cc", names_cc);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		fixture_run(fixture, "rm -f names.so && %s -fPIC -shared -o names.so names.cc",
			    flags[i]);
		check_name(fixture, "call_template", true,
			   "shop::box<long>::fill(long, char const*)");
		check_name(fixture, "call_template", false, "_ZN4shop3boxIlE4fillElPKc");
	}
	fixture_run(fixture, "g++ -O0 -g -fPIC -shared -o names.so names.cc");
	check_name(fixture, "call_lambda", true,
		   "call_lambda::{lambda(int)#1}::operator()(int) const");
}

static void test_demangler(void **state)
{
	static const char *const rows[][2] = {
		{ "_RNvC6_123foo3bar", "123foo::bar" },
		{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
		{ "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE",
		  "core::fmt::Write::write_fmt" },
		{ "_Znwm", "operator new(unsigned long)" },
		{ "main", NULL },
		{ "_Z", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *name = symbol_demangle(rows[i][0]);

		if (rows[i][1]) {
			assert_non_null(name);
			assert_string_equal(name, rows[i][1]);
		} else {
			assert_null(name);
		}
		free(name);
	}
}

/* ---- separate debug files ------------------------------------------------------------------ */

static void build_stripped(const struct fixture *fixture)
{
	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -g -fPIC -shared -Wl,--build-id=0xabcdef0123456789 "
			     "-o calls.so calls.c && objcopy --only-keep-debug calls.so calls.debug"
			     " && strip calls.so && mkdir -p debug/.build-id/ab");
}

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

/* DWARF by hand: a unit whose one function has its name in the alternate file. */
static const char alt_s[] = "	.globl hook\n"
			    "	.globl outer\n"
			    "	.data\n"
			    "hook:	.quad 0\n"
			    "	.text\n"
			    "	.type outer, @function\n"
			    "outer:\n"
			    "	push %rbx\n"
			    "	mov hook@GOTPCREL(%rip), %rax\n"
			    "	call *(%rax)\n"
			    "	pop %rbx\n"
			    "	ret\n"
			    "end:\n"
			    "	.size outer, end - outer\n"
			    "	.section .debug_abbrev\n"
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
	fixture_run(fixture, "gcc -shared -nostdlib -o alt.so alt.s && mkdir -p sub "
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

/* ---- symbol tables -------------------------------------------------------------------------- */

static void test_dynsym_only(void **state)
{
	const struct fixture *fixture = *state;
	struct library library;
	struct snapshot *snapshot;
	const struct frame *frame;
	Dl_info info;

	build_stripped(fixture);
	library = library_call(fixture, "calls.so", "outer");
	snapshot = name_library(fixture, &library, true);
	frame = frames_of(snapshot, 1);
	assert_frame(frame, "outer", NULL, 0, false);
	assert_int_equal(frame->offset, offset_in(&library, "outer"));
	snapshot_free(snapshot);
	library_close(&library);

	/* A function without a name left: the address in the file's terms. */
	library = library_call(fixture, "calls.so", "calls_hidden");
	assert_int_not_equal(dladdr((void *)library.ip, &info), 0);
	snapshot = name_library(fixture, &library, true);
	frame = frames_of(snapshot, 1);
	assert_null(frame->function);
	assert_string_equal(frame->module, fixture_path(fixture, "calls.so"));
	assert_string_equal(frame->build_id, "abcdef0123456789");
	assert_int_equal(frame->offset, library.ip - (uintptr_t)info.dli_fbase);
	snapshot_free(snapshot);
	library_close(&library);
}

static void test_static_program(void **state)
{
	const struct fixture *fixture = *state;
	struct proc_map map = { .start = 0x10000, .end = UINT64_MAX };
	struct snapshot *snapshot;
	struct symbols *symbols = new_symbols(fixture, true);
	uint64_t ips[2], start, size, ip_base;
	const struct frame *frame;
	struct elf_file *file;

	fixture_text(fixture, "s.c",
		     "#include <stdlib.h>\n"
		     "int main(int n, char **v)\n{\n	return malloc(n) == *v;\n}\n");
	fixture_run(fixture, "gcc -O0 -g -static -no-pie -o s s.c");
	assert_int_equal(elf_file_open(fixture_path(fixture, "s"), &file), 0);
	fixture_run(fixture, "nm s | awk '$3 == \"main\" || $3 == \"__libc_malloc\""
			     "{print $3, $1}' | sort >names");
	{
		FILE *names = fopen(fixture_path(fixture, "names"), "r");

		assert_non_null(names);
		assert_int_equal(fscanf(names, "__libc_malloc %lx main %lx", &ips[0], &ips[1]), 2);
		fclose(names);
	}
	assert_non_null(elf_file_code(file, ips[1], &start, &size));
	map.path = (char *)fixture_path(fixture, "s");
	map.offset = elf_file_offset_of(file, start);
	ip_base = map.start - start;
	elf_file_close(file);
	ips[0] += ip_base + 9;
	ips[1] += ip_base + 9;
	snapshot = snapshot_of(&map, ips, 2);
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	frame = snapshot->processes[0].stacks[0].frames;
	assert_string_equal(frame->function, "malloc");
	assert_int_equal(frame->offset, 9);
	frame = snapshot->processes[0].stacks[1].frames;
	assert_frame(frame, "main", fixture_path(fixture, "s.c"), 3, false);
	snapshot_free(snapshot);
	symbols_free(symbols);
}

static void test_vdso(void **state)
{
	uint64_t base = getauxval(AT_SYSINFO_EHDR), ip;
	struct proc_map map = map_at(base);
	void *handle = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
	struct symbols *symbols = new_symbols(*state, true);
	struct snapshot *snapshot;

	assert_non_null(handle);
	ip = (uintptr_t)dlsym(handle, "__vdso_clock_gettime") + 1;
	assert_true(ip > 1);
	snapshot = snapshot_of(&map, &ip, 1);
	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	assert_string_equal(frames_of(snapshot, 1)->module, "[vdso]");
	assert_non_null(strstr(frames_of(snapshot, 1)->function, "clock_gettime"));
	assert_int_equal(frames_of(snapshot, 1)->offset, 1);
	assert_non_null(mapping_of(snapshot)->build_id);
	snapshot_free(snapshot);
	symbols_free(symbols);
	free(map.path);
	dlclose(handle);
}

static void test_ranges(void **state)
{
	struct range_table table = { NULL, 0 };

	(void)state;
	assert_null(range_table_find(&table, 0));
	assert_int_equal(range_table_add(&table, 100, 200, 1, 1), 0);
	assert_int_equal(range_table_add(&table, 110, 120, 1, 2), 0); /* inside */
	assert_int_equal(range_table_add(&table, 130, 140, 0, 3), 0); /* of lower rank */
	assert_int_equal(range_table_add(&table, 300, 400, 1, 4), 0);
	assert_int_equal(range_table_add(&table, 300, 400, 2, 5), 0);
	assert_int_equal(range_table_add(&table, 50, 50, 9, 6), 0); /* empty */
	range_table_sort(&table);
	assert_null(range_table_find(&table, 99));
	assert_null(range_table_find(&table, 50));
	assert_int_equal(range_table_find(&table, 100)->value, 1);
	assert_int_equal(range_table_find(&table, 119)->value, 2);
	assert_int_equal(range_table_find(&table, 120)->value, 1);
	assert_int_equal(range_table_find(&table, 135)->value, 1);
	assert_int_equal(range_table_find(&table, 199)->value, 1);
	assert_null(range_table_find(&table, 200));
	assert_int_equal(range_table_find(&table, 399)->value, 5);
	assert_null(range_table_find(&table, 400));
	range_table_clear(&table);
}

/* Names for the implementation's own use give way to the public one, others do not. */
static void test_aliases(void **state)
{
	const struct fixture *fixture = *state;

	fixture_text(fixture, "names.cc",
		     "extern \"C\" {\nvoid (*hook)(void); volatile int sink;\n"
		     "void __own_thing(void) { hook(); sink++; }\n"
		     "void thing(void) __attribute__((alias(\"__own_thing\")));\n"
		     "void plain(void) { hook(); sink++; }\n"
		     "void aka(void) __attribute__((alias(\"plain\")));\n"
		     "static void _quiet(void) { hook(); sink++; }\n"
		     "void loud(void) { _quiet(); sink++; }\n}\n");
	fixture_run(fixture, "g++ -O0 -g -fPIC -shared -o names.so names.cc");
	check_name(fixture, "thing", true, "thing");
	check_name(fixture, "aka", true, "plain");
	check_name(fixture, "loud", true, "_quiet");
	fixture_run(fixture, "g++ -O0 -s -fPIC -shared -o names.so names.cc");
	check_name(fixture, "__own_thing", true, "thing");
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
		CASE(test_inlined),
		CASE(test_mixed_compilers),
		CASE(test_dropped_functions),
		CASE(test_relative_paths),
		CASE(test_static_function),
		CASE(test_cplusplus),
		CASE(test_demangler),
		CASE(test_debug_by_build_id),
		CASE(test_debug_by_link),
		CASE(test_alternate_file),
		CASE(test_dynsym_only),
		CASE(test_static_program),
		CASE(test_vdso),
		CASE(test_ranges),
		CASE(test_aliases),
		CASE(test_replaced_file),
		CASE(test_open_path_gone),
		CASE(test_second_snapshot),
		CASE(test_stacks),
		CASE(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
