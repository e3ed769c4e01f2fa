/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suppressions: both grammars construct by construct, what they fit, where bad files are wrong. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "suppress/suppress.h"

static const struct frame stack[] = {
	{ .function = "copy",
	  .module = "/usr/lib/libtext.so.1",
	  .file = "/src/text.c",
	  .line = 17 },
	{ .function = "app::Parser::read(int)",
	  .symbol = "_ZN3app6Parser4readEi",
	  .module = "/usr/bin/app",
	  .file = "/src/parser.cc",
	  .line = 40 },
	{ .function = NULL, .module = "/usr/lib/libplugin.so" },
	{ .function = "main", .module = "/usr/bin/app", .file = "/src/main.cc", .line = 3 },
};

#define FRAMES_ALL (sizeof(stack) / sizeof(stack[0]))

/* Whether `text`, one suppression, fits resources of that kind and class with the stack above. */
static bool fits_kind(const char *text, const char *kind, enum leak_class leak_class)
{
	struct suppressions suppressions = { 0 };
	struct suppress_error error = { 0 };
	const struct suppress_query query = { kind, leak_class, stack, FRAMES_ALL, 0 };
	bool fits;

	assert_int_equal(suppressions_parse(&suppressions, text, "test", &error), 0);
	fits = suppressions_find(&suppressions, &query) != SUPPRESSION_NONE;
	suppressions_clear(&suppressions);
	return fits;
}

static bool fits(const char *frames)
{
	char text[512];

	snprintf(text, sizeof(text), "{\n name\n Memcheck:Leak\n%s}\n", frames);
	return fits_kind(text, "heap", CLASS_DEFINITE);
}

static void test_wildcards(void **state)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool fits;
	} rows[] = {
		{ "", "", true },
		{ "a", "a", true },
		{ "a", "b", false },
		{ "a", "ab", false },
		{ "ab", "a", false },
		{ "*", "", true },
		{ "*", "any/thing", true },
		{ "?", "x", true },
		{ "?", "", false },
		{ "a*c", "abbc", true },
		{ "a*c", "abbd", false },
		{ "*b*", "abc", true },
		{ "a?c", "abc", true },
		{ "a**c", "ac", true },
		{ "*ab", "aab", true },
		{ "[a]", "a", false },
		{ "*a*b*c", "xaybzc", true },
		{ "*.so*", "libx.so.1", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(suppress_matches(rows[i].pattern, rows[i].text), rows[i].fits);
}

static void test_frames(void **state)
{
	(void)state;
	assert_true(fits(" fun:copy\n"));
	assert_true(fits(" fun:c?py\n"));
	assert_true(fits(" fun:co*\n"));
	assert_false(fits(" fun:copier\n"));
	assert_false(fits(" fun:main\n"));
	assert_true(fits(" obj:*/libtext.so*\n"));
	assert_true(fits(" obj:/usr/lib/libtext.so.1\n"));
	assert_false(fits(" obj:libtext.so.1\n"));
	assert_true(fits(" src:text.c\n"));
	assert_true(fits(" src:text.c:17\n"));
	assert_true(fits(" src:/src/text.c:17\n"));
	assert_false(fits(" src:text.c:18\n"));
	assert_true(fits(" fun:copy\n fun:*\n obj:*plugin*\n fun:main\n"));
	assert_false(fits(" fun:copy\n fun:main\n"));
	/* A function without a name is matched by nothing but a star. */
	assert_true(fits(" fun:*\n fun:*\n fun:*\n fun:main\n"));
	assert_false(fits(" fun:*\n fun:*\n fun:?\n fun:main\n"));
	/* More frames than the stack has. */
	assert_false(fits(" fun:*\n fun:*\n fun:*\n fun:*\n fun:*\n fun:*\n"));
}

static void test_gaps(void **state)
{
	(void)state;
	assert_true(fits(" ...\n fun:main\n"));
	assert_true(fits(" fun:copy\n ...\n fun:main\n"));
	assert_true(fits(" ...\n obj:*plugin*\n ...\n"));
	assert_true(fits(" ...\n ...\n fun:main\n"));
	assert_true(fits(" ...\n"));
	assert_false(fits(" ...\n fun:nowhere\n"));
	assert_false(fits(" fun:copy\n ...\n fun:copy\n"));
	/* A gap may be of no frames. */
	assert_true(fits(" ...\n fun:copy\n"));
}

static void test_the_function_that_was_called(void **state)
{
	(void)state;
	assert_true(fits(" fun:malloc\n fun:copy\n"));
	assert_true(fits(" fun:*alloc\n fun:copy\n"));
	assert_true(fits(" fun:_Znwm\n fun:copy\n"));
	assert_true(fits(" fun:malloc\n ...\n fun:main\n"));
	assert_true(fits(" obj:*/vgpreload_memcheck*.so\n fun:copy\n"));
	assert_false(fits(" fun:malloc\n fun:main\n"));
	assert_false(fits(" fun:free\n fun:copy\n"));
}

static void test_names_of_cplusplus(void **state)
{
	(void)state;
	assert_true(fits(" ...\n fun:_ZN3app6Parser4readEi\n"));
	assert_true(fits(" ...\n fun:_ZN3app6Parser*\n"));
	assert_true(fits(" ...\n fun:app::Parser::read(int)\n"));
	assert_true(fits(" ...\n fun:app::Parser::read\n"));
	assert_false(fits(" ...\n fun:app::Parser\n"));
}

static void test_kinds_and_classes(void **state)
{
	static const char definite[] =
		"{\n n\n Memcheck:Leak\n match-leak-kinds: definite , possible\n fun:copy\n}\n";

	(void)state;
	assert_true(fits_kind(definite, "heap", CLASS_DEFINITE));
	assert_true(fits_kind(definite, "heap", CLASS_POSSIBLE));
	assert_false(fits_kind(definite, "heap", CLASS_REACHABLE));
	assert_false(fits_kind(definite, "heap", CLASS_UNCLASSIFIED));
	assert_false(fits_kind(definite, "fd", CLASS_DEFINITE));
	assert_true(fits_kind("{\nn\nMemcheck:Leak\nmatch-leak-kinds:all\nfun:copy\n}\n", "heap",
			      CLASS_REACHABLE));
	assert_false(fits_kind("{\nn\nMemcheck:Leak\nmatch-leak-kinds:none\nfun:copy\n}\n", "heap",
			       CLASS_DEFINITE));
	assert_true(fits_kind("{\nn\nMemcheck:Leak\nfun:copy\n}\n", "heap", CLASS_UNCLASSIFIED));
	assert_true(
		fits_kind("{\nn\nCoreError:FdNotClosed\nfun:copy\n}\n", "fd", CLASS_UNCLASSIFIED));
	assert_true(fits_kind("{\nn\nleaktrace:stream\nfun:copy\n}\n", "stream", CLASS_DEFINITE));
	assert_true(
		fits_kind("{\nn\nAddrcheck,Memcheck:Leak\nfun:copy\n}\n", "heap", CLASS_DEFINITE));
}

static void test_other_tools_are_read_past(void **state)
{
	struct suppressions suppressions = { 0 };
	struct suppress_error error = { 0 };
	const struct suppress_query query = { "heap", CLASS_DEFINITE, stack, FRAMES_ALL, 0 };

	(void)state;
	assert_int_equal(
		suppressions_parse(&suppressions,
				   "# a comment\n\n"
				   "{\n  one\n  Memcheck:Cond\n  fun:copy\n}\n"
				   "{\n  two\n  Memcheck:Param\n  write(buf)\n  fun:copy\n}\n"
				   "{\n  three\n  Helgrind:Race\n  fun:copy\n  # inside\n\n}\n"
				   "{\n  four\n  drd:ConflictingAccess\n  fun:copy\n}\n"
				   "{\n  five\n  Memcheck:Addr4\n  obj:*\n}\n"
				   "race:copy\nmutex:copy\n\r\n"
				   "leak:copy\n",
				   NULL, &error),
		0);
	assert_int_equal(suppressions.count, 8);
	assert_int_equal(suppressions_find(&suppressions, &query), 7);
	assert_string_equal(suppressions.rows[1].name, "two");
	assert_null(suppressions.rows[1].kind);
	assert_null(suppressions.rows[7].source);
	assert_int_equal(suppressions.rows[7].line, 34);
	suppressions_clear(&suppressions);
}

static void test_patterns_of_sanitizers(void **state)
{
	(void)state;
	assert_true(fits_kind("leak:copy", "heap", CLASS_DEFINITE));
	assert_true(fits_kind("leak:op", "heap", CLASS_DEFINITE));
	assert_true(fits_kind("leak:Parser*read", "heap", CLASS_DEFINITE));
	assert_true(fits_kind("leak:_ZN3app", "heap", CLASS_DEFINITE));
	assert_true(fits_kind("leak:libplugin.so", "heap", CLASS_DEFINITE));
	assert_true(fits_kind("leak:parser.cc", "heap", CLASS_DEFINITE));
	assert_true(fits_kind("leak:^main$", "heap", CLASS_DEFINITE));
	assert_false(fits_kind("leak:^ain$", "heap", CLASS_DEFINITE));
	assert_false(fits_kind("leak:^mai$", "heap", CLASS_DEFINITE));
	assert_false(fits_kind("leak:nothing", "heap", CLASS_DEFINITE));
	assert_false(fits_kind("leak:copy", "fd", CLASS_UNCLASSIFIED));
	assert_true(fits_kind("fd:copy", "fd", CLASS_UNCLASSIFIED));
	assert_true(fits_kind("mmap:copy", "mmap", CLASS_UNCLASSIFIED));
	assert_true(fits_kind("thread:copy", "thread", CLASS_UNCLASSIFIED));
}

static void test_frames_of_the_allocator(void **state)
{
	static const struct frame frames[] = {
		{ .function = "operator new(unsigned long)", .symbol = "_Znwm" },
		{ .function = "make" },
	};
	struct suppressions suppressions = { 0 };
	struct suppress_error error = { 0 };
	const struct suppress_query query = { "heap", CLASS_DEFINITE, frames, 2, 1 };

	(void)state;
	assert_int_equal(suppressions_parse(&suppressions, "{\nn\nMemcheck:Leak\nfun:make\n}\n",
					    NULL, &error),
			 0);
	assert_int_equal(suppressions_find(&suppressions, &query), 0);
	suppressions_clear(&suppressions);
	assert_int_equal(
		suppressions_parse(&suppressions,
				   "{\nn\nMemcheck:Leak\nfun:malloc\nfun:_Znwm\nfun:make\n}\n",
				   NULL, &error),
		0);
	assert_int_equal(suppressions_find(&suppressions, &query), 0);
	suppressions_clear(&suppressions);
}

static void test_bad_files_name_line_and_column(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		unsigned column;
		const char *words;
	} rows[] = {
		{ "nonsense\n", 1, 1, "expected {" },
		{ "  lead:x\n", 1, 3, "expected {" },
		{ "leak:\n", 1, 6, "a pattern" },
		{ "{\n", 1, 1, "ends where a name" },
		{ "{\n}\n", 2, 1, "expected a name" },
		{ "{\nname\n", 2, 1, "ends where TOOL" },
		{ "{\nname\nLeak\n", 3, 1, "TOOL:KIND" },
		{ "{\nname\n  Memcheck:\n", 3, 3, "TOOL:KIND" },
		{ "{\nname\nMemcheck:Leak\n}\n", 4, 1, "no fun:" },
		{ "{\nname\nMemcheck:Leak\nfun:a\n", 4, 1, "ends where }" },
		{ "{\nname\nMemcheck:Leak\n\n# x\n\tfoo:a\n}\n", 6, 2, "expected fun:" },
		{ "{\nname\nMemcheck:Leak\nfun:\n}\n", 4, 5, "a name after fun:" },
		{ "{\nname\nMemcheck:Leak\nmatch-leak-kinds: definite,lost\nfun:a\n}\n", 4, 28,
		  "expected definite" },
		{ "{\nname\nMemcheck:Leak\nfun:a\nmatch-leak-kinds: definite\n}\n", 5, 1,
		  "expected fun:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct suppressions suppressions = { 0 };
		struct suppress_error error = { 0 };

		assert_int_equal(suppressions_parse(&suppressions, rows[i].text, "x", &error),
				 -EINVAL);
		assert_int_equal(error.line, rows[i].line);
		assert_int_equal(error.column, rows[i].column);
		assert_non_null(strstr(error.text, rows[i].words));
		/* Nothing of it is kept, what was there is. */
		assert_int_equal(suppressions.count, 0);
		assert_int_equal(suppressions_parse(&suppressions, "leak:a", NULL, &error), 0);
		assert_int_equal(suppressions_parse(&suppressions, rows[i].text, "x", &error),
				 -EINVAL);
		assert_int_equal(suppressions.count, 1);
		suppressions_clear(&suppressions);
	}
}

static void test_the_files_themselves(void **state)
{
	struct suppressions suppressions = { 0 };
	struct suppress_error error = { 0 };
	char path[] = "/tmp/leaktrace-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(suppressions_read(&suppressions, "/nowhere/at.all", &error), -ENOENT);
	assert_int_equal(suppressions_read(&suppressions, path, &error), 0);
	assert_int_equal(suppressions.count, 0);
	assert_int_equal(write(fd, "leak:a\nleak:b", 13), 13);
	assert_int_equal(suppressions_read(&suppressions, path, &error), 0);
	assert_int_equal(suppressions.count, 2);
	assert_string_equal(suppressions.rows[1].source, path);
	suppressions_clear(&suppressions);
	/* No text. */
	assert_int_equal(write(fd, "\0x", 2), 2);
	assert_int_equal(suppressions_read(&suppressions, path, &error), -EFBIG);
	close(fd);
	unlink(path);
	suppressions_clear(&suppressions);
	assert_int_equal(suppressions_parse(&suppressions, suppressions_default, NULL, &error), 0);
	assert_true(suppressions.count > 0);
	suppressions_clear(&suppressions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_the_function_that_was_called),
		cmocka_unit_test(test_names_of_cplusplus),
		cmocka_unit_test(test_kinds_and_classes),
		cmocka_unit_test(test_other_tools_are_read_past),
		cmocka_unit_test(test_patterns_of_sanitizers),
		cmocka_unit_test(test_frames_of_the_allocator),
		cmocka_unit_test(test_bad_files_name_line_and_column),
		cmocka_unit_test(test_the_files_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
