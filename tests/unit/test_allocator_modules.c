/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocator recognition on modules compiled here, one for each rule. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe_plan.h"

static const struct allocator_options plain = { 0 };

static char *directory;

static int make_directory(void **state)
{
	static char template[] = "/tmp/leaktrace-allocators-XXXXXX";

	(void)state;
	directory = mkdtemp(template);
	return directory ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", directory);
	return system(command);
}

/* Compiles `source` with `command` ("cc -shared ...") and plans for the result. */
static struct module compile(const char *command, const char *language, const char *source,
			     const struct allocator_options *options)
{
	char path[64], line[512];
	FILE *compiler;

	snprintf(path, sizeof(path), "%s/module", directory);
	snprintf(line, sizeof(line), "%s -O2 -fno-builtin -w -o %s -x %s -", command, path,
		 language);
	compiler = popen(line, "w");
	assert_non_null(compiler);
	fputs(source, compiler);
	if (pclose(compiler) != 0)
		fail_msg("failed: %s", line);
	return open_module(path, options);
}

static struct module compile_c(const char *source, const struct allocator_options *options)
{
	return compile("cc -shared -fPIC -nostdlib", "c", source, options);
}

/* An allocator's core under a prefix: each function does something that the others don't. */
#define CORE(prefix)                                                                               \
	"static char pool[4096]; static unsigned long top, freed;\n"                               \
	"void *" prefix "malloc(unsigned long n) { top += n; return pool + top - n; }\n"           \
	"void " prefix "free(void *p) { if (p) freed++; }\n"

static void test_probes(void **state)
{
	/* op, size argument, count argument, id argument, flags */
	static const struct {
		const char *name;
		int op, size, count, id, flags;
	} expected[] = {
		{ "malloc", WIRE_ACQUIRE, 0, 0xf, 0xf, 0 },
		{ "free", WIRE_RELEASE, 0xf, 0xf, 0, 0 },
		{ "calloc", WIRE_ACQUIRE, 1, 0, 0xf, 0 },
		{ "realloc", WIRE_RESIZE, 1, 0xf, 0, 0 },
		{ "reallocarray", WIRE_RESIZE, 2, 1, 0, 0 },
		{ "reallocf", WIRE_RESIZE, 1, 0xf, 0, WIRE_RELEASES_ON_FAILURE },
		{ "aligned_alloc", WIRE_ACQUIRE, 1, 0xf, 0xf, 0 },
		{ "posix_memalign", WIRE_ACQUIRE_OUT, 2, 0xf, 0, 0 },
		{ "pvalloc", WIRE_ACQUIRE, 0, 0xf, 0xf, WIRE_SIZE_IN_PAGES },
	};
	struct module module = compile_c(
		CORE("") "void *calloc(long n, long m) { return top++ + pool; }\n"
			 "void *realloc(void *p, long n) { return top++ + pool; }\n"
			 "void *reallocarray(void *p, long n, long m) { return top++ + pool; }\n"
			 "void *reallocf(void *p, long n) { return top++ + pool; }\n"
			 "void *aligned_alloc(long a, long n) { return top++ + pool; }\n"
			 "int posix_memalign(void **p, long a, long n) { return top++; }\n"
			 "void *pvalloc(long n) { return top++ + pool; }\n",
		&plain);

	(void)state;
	assert_string_equal(module.plan->allocator, "unknown allocator");
	assert_sound(&module);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct probe_site *site = find(module.plan, expected[i].name);

		assert_non_null(site);
		assert_int_equal(site->probe.op, expected[i].op);
		assert_int_equal(site->probe.size_args & 0xf, expected[i].size);
		assert_int_equal(site->probe.size_args >> 4, expected[i].count);
		assert_int_equal(site->probe.id_arg, expected[i].id);
		assert_int_equal(site->probe.flags, expected[i].flags);
	}
	close_module(module);
}

static void test_malloc_alone(void **state)
{
	struct module module = compile_c("void *malloc(long n) { return 0; }\n"
					 "void *_Znwm(long n) { return (void *)n; }\n",
					 &plain);

	(void)state;
	/* As in a static program that frees nothing. */
	ASSERT_FUNCTIONS(module.plan, "malloc", "_Znwm");
	close_module(module);
}

static void test_forwarders(void **state)
{
	struct module module = compile_c(
		CORE("")
		/* To be seen as forwarders: by a jump, a check, a PLT entry, in a chain. */
		"static void hidden(void *p) { free(p); }\n"
		"void cfree(void *p) { hidden(p); }\n"
		"void free_sized(void *p, long n) { if (p) free(p); }\n"
		"void _ZdlPv(void *p) { free(p); }\n"
		"void _ZdaPv(void *p) { _ZdlPv(p); }\n"
		"void *_Znwm(long n)\n"
		"{ void *p; if (!n) n = 1; while (!(p = malloc(n))) top++; return p; }\n"
		/* An acquisition of C's own is never left out. */
		"void *calloc(long n, long m) { return malloc(n * m); }\n"
		/* These do work of their own, if only sometimes. */
		"void _ZdlPvm(void *p, long n) { if (n < 64) freed++; else free(p); }\n"
		"void _ZdaPvm(void *p, long n) { freed += n; }\n"
		"__attribute__((noipa)) void put(void *p) { freed++; }\n"
		"void _ZdlPvRKSt9nothrow_t(void *p)\n"
		"{ if (top) { put(p); __asm__ volatile(\"\"); } else free(p); }\n"
		"void *_Znam(long n) { if (n < 64) return pool + top++; return malloc(n); }\n"
		/* And this one takes, where it ought to give back. */
		"void vfree(long n) { malloc(n); }\n",
		&plain);

	(void)state;
	ASSERT_FUNCTIONS(module.plan, "malloc", "free", "calloc", "_ZdlPvm", "_ZdaPvm",
			 "_ZdlPvRKSt9nothrow_t", "_Znam", "vfree");
	close_module(module);
}

static void test_vector_store_is_work(void **state)
{
	struct module module = compile_c(
		CORE("") "typedef long pair __attribute__((vector_size(16), aligned(1)));\n"
			 "void _ZdlPvm(pair *p, long n)\n"
			 "{ if (n > 64) free(p); else *p = (pair){ 0 }; }\n",
		&plain);

	(void)state;
	ASSERT_FUNCTIONS(module.plan, "malloc", "free", "_ZdlPvm");
	close_module(module);
}

/* Without a PLT: calls go through the pointer itself. */
static void test_forwarders_by_pointer(void **state)
{
	struct module module = compile("cc -shared -fPIC -nostdlib -fno-plt", "c",
				       CORE("") "void _ZdlPv(void *p) { free(p); }\n"
						"void _ZdaPv(void *p) { if (p) free(p); }\n"
						"void *_Znwm(long n) { return malloc(n) + 0; }\n",
				       &plain);

	(void)state;
	ASSERT_FUNCTIONS(module.plan, "malloc", "free");
	close_module(module);
}

/* A jump through memory in a file that has no relocations at all. */
static void test_pointer_without_relocations(void **state)
{
	struct module module =
		compile_c("static char pool[64];\n"
			  "__attribute__((visibility(\"hidden\"))) void (*release)(void *p);\n"
			  "void *malloc(long n) { return n > 64 ? 0 : pool; }\n"
			  "void free(void *p) { release(p); }\n",
			  &plain);

	(void)state;
	ASSERT_FUNCTIONS(module.plan, "malloc", "free");
	close_module(module);
}

static void test_aliases(void **state)
{
	struct module module = compile_c(
		CORE("") "void cfree(void *) __attribute__((alias(\"free\")));\n"
			 "void *_Znwm(long) __attribute__((alias(\"malloc\")));\n"
			 "void *aligned_alloc(long a, long n) { return pool + top++; }\n"
			 "void *memalign(long, long) __attribute__((alias(\"aligned_alloc\")));\n",
		&plain);

	(void)state;
	ASSERT_FUNCTIONS(module.plan, "malloc", "free", "memalign");
	close_module(module);
}

static void test_prefixes(void **state)
{
	static const char *const mine[] = { "my_", "", "other_" };
	const struct allocator_options options = { .prefixes = mine, .prefix_count = 3 };
	struct module module = compile_c(CORE("je_") "void mallctl(void) {}", &plain);

	(void)state;
	assert_string_equal(module.plan->allocator, "jemalloc");
	ASSERT_FUNCTIONS(module.plan, "je_malloc", "je_free");
	close_module(module);
	/* A prefix that nobody named. */
	module = compile_c(CORE("my_"), &plain);
	assert_empty(module.plan);
	close_module(module);
	module = compile_c(CORE("my_"), &options);
	ASSERT_FUNCTIONS(module.plan, "my_malloc", "my_free");
	close_module(module);
	/* Known prefixes step back behind a plain malloc, named ones stand beside it. */
	module = compile_c(CORE("") "void *mi_malloc(long n) { return pool + n; }\n"
				    "void mi_free(void *p) { top--; }\n",
			   &plain);
	ASSERT_FUNCTIONS(module.plan, "malloc", "free");
	close_module(module);
	module = compile_c(CORE("") "void *my_malloc(long n) { return pool + n; }\n"
				    "void my_free(void *p) { top--; }\n"
				    "void *other_malloc(long n) { return pool + n + 1; }\n",
			   &options);
	ASSERT_FUNCTIONS(module.plan, "malloc", "free", "my_malloc", "my_free");
	close_module(module);
}

static void test_too_many(void **state)
{
	const char *prefixes[1100];
	struct allocator_options options = { .prefixes = prefixes, .prefix_count = 1100 };
	struct module module = compile_c(CORE("my_"), &plain);
	struct probe_plan *plan = probe_plan_new();

	(void)state;
	for (size_t i = 0; i < 1100; i++)
		prefixes[i] = "my_";
	assert_int_equal(allocators_choose(module.file, &options, plan), -E2BIG);
	assert_int_equal(plan->count, 0);
	probe_plan_free(plan);
	close_module(module);
}

static void test_unusable_symbols(void **state)
{
	struct module module = compile_c(
		CORE("real_") "void *(*choose(void))(long) { return (void *)real_malloc; }\n"
			      "void *malloc(long) __attribute__((ifunc(\"choose\")));\n"
			      "void free(void *p) { freed++; }\n",
		&plain);

	(void)state;
	assert_empty(module.plan);
	close_module(module);
	/* glibc's ld.so before 2.35. */
	module = compile_c(CORE("") "int _rtld_global;\n", &plain);
	assert_empty(module.plan);
	close_module(module);
}

/* A static function in one unit, a global one of the same name in another. */
static void test_local_beside_global(void **state)
{
	char line[256];
	struct module module;

	(void)state;
	snprintf(line, sizeof(line),
		 "echo 'static void free(void *p) { *(int *)p = 1; }"
		 "void (*user)(void *) = free;' | cc -c -O2 -fPIC -fno-builtin -w -x c - "
		 "-o %s/local.o",
		 directory);
	assert_int_equal(system(line), 0);
	snprintf(line, sizeof(line), "cc -shared -fPIC -nostdlib %s/local.o", directory);
	module = compile(line, "c", CORE(""), &plain);
	ASSERT_FUNCTIONS(module.plan, "malloc", "free");
	/* Hidden from other modules, but all there is. */
	close_module(module);
	module = compile("cc -shared -fPIC -nostdlib -fvisibility=hidden", "c",
			 CORE("") "__attribute__((visibility(\"default\")))\n"
				  "void *user(void) { free(malloc(1)); return malloc(2); }\n",
			 &plain);
	ASSERT_FUNCTIONS(module.plan, "malloc", "free");
	close_module(module);
}

static const char cxx_program[] = "#include <string>\n#include <vector>\n"
				  "int main(int argc, char **argv) {\n"
				  "  std::vector<std::string> v(argv, argv + argc);\n"
				  "  struct alignas(64) wide { char bytes[64]; };\n"
				  "  wide *w = new wide[argc]; delete[] w;\n"
				  "  int *i = new int[argc]; delete[] i;\n"
				  "  return v.size();\n}\n";

/* libstdc++ linked in: its new and delete are malloc and free. */
static void test_static_program(void **state)
{
	struct module program = compile("c++ -static", "c++", cxx_program, &plain);

	(void)state;
	assert_string_equal(program.plan->allocator, "glibc");
	assert_sound(&program);
	assert_true(find(program.plan, "malloc")->placement.emulated);
	assert_true(find(program.plan, "free")->placement.emulated);
	assert_non_null(find(program.plan, "calloc"));
	assert_non_null(find(program.plan, "realloc"));
	for (size_t i = 0; i < program.plan->count; i++)
		if (strncmp(program.plan->sites[i].function, "_Z", 2) == 0)
			fail_msg("%s is in the plan", program.plan->sites[i].function);
	close_module(program);
}

static void test_stripped_program(void **state)
{
	struct module program = compile("c++ -static -s", "c++", cxx_program, &plain);

	(void)state;
	assert_empty(program.plan);
	close_module(program);
}

static void test_static_musl(void **state)
{
	struct module program = compile(
		"musl-gcc -static", "c",
		"#include <stdlib.h>\nint main(void) { free(malloc(1)); return 0; }\n", &plain);

	(void)state;
	assert_string_equal(program.plan->allocator, "musl");
	assert_non_null(find(program.plan, "malloc"));
	assert_non_null(find(program.plan, "free"));
	close_module(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_malloc_alone),
		cmocka_unit_test(test_forwarders),
		cmocka_unit_test(test_vector_store_is_work),
		cmocka_unit_test(test_forwarders_by_pointer),
		cmocka_unit_test(test_pointer_without_relocations),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_unusable_symbols),
		cmocka_unit_test(test_local_beside_global),
		cmocka_unit_test(test_static_program),
		cmocka_unit_test(test_stripped_program),
		cmocka_unit_test(test_static_musl),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
