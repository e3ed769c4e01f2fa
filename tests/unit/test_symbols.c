/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbols/: the names that DWARF and symbol tables give. */
#include <sys/auxv.h>

#include "symbols_fixture.h"

#include "elf/elf_file.h"
#include "util/demangle.h"
#include "symbols/ranges.h"

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
		{ "_RNvC03bar", "::bar" },
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

/* Each level of a type holds the one below twice: the second time by a back reference. */
static void nest_type(FILE *stream, unsigned int levels)
{
	fputs("1XI", stream);
	for (unsigned int i = 0; i < levels; i++)
		fputs("S_I", stream);
	fputs("iiE", stream);
	for (unsigned int i = 0; i < levels; i++)
		fprintf(stream, "S%c_E", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]);
}

/* More than any memory holds; the second one is searched for a pack before it is written. */
static void test_endless_names(void **state)
{
	static const char *const starts[] = { "_Z1f", "_Z1fDp" };

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		for (unsigned int levels = 3; levels <= 36; levels += 33) {
			char *mangled, *name;
			FILE *stream;
			size_t size;

			stream = open_memstream(&mangled, &size);
			assert_non_null(stream);
			fputs(starts[i], stream);
			nest_type(stream, levels);
			fclose(stream);
			name = symbol_demangle(mangled);
			if (levels == 3)
				assert_non_null(name);
			else
				assert_null(name);
			free(name);
			free(mangled);
		}
	}
}

/* A number of lifetimes, 62^11, that are gone through although none is to be shown. */
static void test_name_without_end(void **state)
{
	(void)state;
	assert_null(symbol_demangle("_RNvMINtC7mycrate3FpEFGzzzzzzzzzz_hEuNvB2_3bar"));
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
		CASE(test_name_without_end),
		CASE(test_endless_names),
		CASE(test_dynsym_only),
		CASE(test_static_program),
		CASE(test_vdso),
		CASE(test_ranges),
		CASE(test_aliases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
