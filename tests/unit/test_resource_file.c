/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace/resource_file: the files that we ship, and every mistake with its line and column. */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "trace/resource_file.h"

static char path[] = "/tmp/leaktrace-resource-XXXXXX";

static int read_text(const char *text, size_t length, struct resource_kinds *kinds,
		     struct resource_error *error)
{
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, length, stream), length);
	fclose(stream);
	return resource_file_read(path, kinds, error);
}

static const struct resource_function *find(const struct resource_kinds *kinds, const char *name)
{
	for (size_t i = 0; i < kinds->function_count; i++)
		if (!strcmp(kinds->functions[i].name, name))
			return &kinds->functions[i];
	fail_msg("no function %s", name);
	return NULL;
}

static void test_everything(void **state)
{
	static const char text[] = "# a comment\n"
				   "kind widget noun=big_widget bytes # another\n"
				   "  object libwidget.so* widgetd\r\n"
				   "acquire widget_new handle=return size=arg2*arg3\n"
				   "acquire widget_open handle=*arg5 ok=notminusone\n"
				   "acquire widget_init handle=arg1\n"
				   "resize widget_grow handle=arg1 size=arg2\n"
				   "release widget_free handle=arg2\n"
				   "release widget_close handle=arg1 ok=zero\n"
				   "\n"
				   "kind gear nouns=gear\n"
				   "acquire gear_new handle=return\n"
				   "release gear_free handle=arg1";
	struct resource_kinds kinds = { 0 };
	struct resource_error error = { 0 };
	const struct resource_function *function;

	(void)state;
	if (read_text(text, sizeof(text) - 1, &kinds, &error))
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	assert_int_equal(kinds.count, 2);
	assert_string_equal(kinds.kinds[0].name, "widget");
	assert_string_equal(kinds.kinds[0].noun, "big widget");
	assert_string_equal(kinds.kinds[0].nouns, "big widgets");
	assert_true(kinds.kinds[0].has_bytes);
	assert_int_equal(kinds.kinds[0].object_count, 2);
	assert_string_equal(kinds.kinds[0].objects[1], "widgetd");
	assert_string_equal(kinds.kinds[1].nouns, "gear");
	assert_false(kinds.kinds[1].has_bytes);
	function = find(&kinds, "widget_new");
	assert_int_equal(function->handle, HANDLE_RETURNED);
	assert_int_equal(function->size_arg, 1);
	assert_int_equal(function->count_arg, 2);
	assert_int_equal(function->when, RESOURCE_NONZERO);
	function = find(&kinds, "widget_open");
	assert_int_equal(function->handle, HANDLE_STORED);
	assert_int_equal(function->handle_arg, 4);
	assert_int_equal(function->size_arg, RESOURCE_NO_ARG);
	assert_int_equal(function->when, RESOURCE_NOT_MINUS_ONE);
	function = find(&kinds, "widget_init");
	assert_int_equal(function->handle, HANDLE_ARGUMENT);
	assert_int_equal(function->when, RESOURCE_ZERO);
	function = find(&kinds, "widget_grow");
	assert_int_equal(function->op, RESOURCE_RESIZE);
	assert_int_equal(function->handle_arg, 0);
	function = find(&kinds, "widget_free");
	assert_int_equal(function->op, RESOURCE_RELEASE);
	assert_int_equal(function->handle_arg, 1);
	assert_int_equal(function->when, RESOURCE_ANY);
	assert_int_equal(find(&kinds, "widget_close")->when, RESOURCE_ZERO);
	assert_int_equal(find(&kinds, "gear_new")->kind, 1);
	resource_kinds_clear(&kinds);
}

#define KIND "kind k\n"
#define PAIR "acquire f handle=return\nrelease g handle=arg1\n"

static void test_mistakes(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
		unsigned column;
		const char *words;
	} cases[] = {
		{ "", 0, 1, "no 'kind' line" },
		{ "# nothing\n", 0, 1, "no 'kind' line" },
		{ "kinds k\n", 1, 1, "'kinds' is not understood" },
		{ "kind\n", 1, 5, "a kind's name" },
		{ "kind Big\n", 1, 6, "a kind's name" },
		{ "kind a_b\n", 1, 6, "a kind's name" },
		{ "kind heap\n", 1, 6, "a kind 'heap' already" },
		{ "kind all\n", 1, 6, "a kind 'all' already" },
		{ KIND PAIR "kind  k\n", 4, 7, "a kind 'k' already" },
		{ "kind k color=red\n", 1, 8, "known are noun=, nouns=, bytes" },
		{ "kind k noun=\n", 1, 8, "a word is missing" },
		{ "kind k noun=\x1b[2J\n", 1, 8, "printable ASCII" },
		{ "object libz.so\n", 1, 1, "'object' before any 'kind'" },
		{ KIND "object\n", 2, 7, "a file's name is missing" },
		{ "acquire f handle=return\n", 1, 1, "before any 'kind'" },
		{ KIND "acquire\n", 2, 8, "a function's name" },
		{ KIND "acquire 9f handle=return\n", 2, 9, "a function's name" },
		{ KIND "acquire f\n", 2, 9, "handle= is missing" },
		{ KIND "acquire f handle=arg0\n", 2, 18, "arg1 to arg5" },
		{ KIND "acquire f handle=arg6\n", 2, 18, "arg1 to arg5" },
		{ KIND "acquire f handle=arg12\n", 2, 18, "arg1 to arg5" },
		{ KIND "acquire f handle=*return\n", 2, 18, "arg1 to arg5" },
		{ KIND "acquire f handle=return handle=arg1\n", 2, 25, "handle= twice" },
		{ KIND "acquire f handle=return size=2\n", 2, 30, "a size is one of" },
		{ KIND "acquire f handle=return size=arg1*\n", 2, 30, "a size is one of" },
		{ KIND "acquire f handle=return ok=maybe\n", 2, 28, "ok= is one of" },
		{ KIND "acquire f handle=return fast\n", 2, 25, "known are handle=, size=, ok=" },
		{ KIND "release f handle=return\n", 2, 18, "one of arg1 to arg5" },
		{ KIND "release f handle=*arg1\n", 2, 18, "one of arg1 to arg5" },
		{ KIND "release f handle=arg1 size=arg2\n", 2, 28, "a release has no size" },
		{ KIND "resize f handle=arg1 ok=any\n", 2, 25, "when it returns a handle" },
		{ KIND PAIR "release f handle=arg1\n", 4, 9, "f twice" },
		{ KIND "release g handle=arg1\n", 1, 1, "no 'acquire' line" },
		{ "\n" KIND "acquire f handle=return\nkind other\n", 2, 1, "no 'release' line" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct resource_kinds kinds = { 0 };
		struct resource_error error = { 0 };

		assert_int_equal(read_text(cases[i].text, strlen(cases[i].text), &kinds, &error),
				 -EINVAL);
		if (error.line != cases[i].line || error.column != cases[i].column ||
		    !strstr(error.text, cases[i].words))
			fail_msg("%s: %u:%u: %s", cases[i].text, error.line, error.column,
				 error.text);
		resource_kinds_clear(&kinds);
	}
}

static void test_no_text(void **state)
{
	static const char binary[] = "kind k\nacq\0uire";
	struct resource_kinds kinds = { 0 };
	struct resource_error error = { 0 };
	char *huge = malloc(70000);

	(void)state;
	assert_int_equal(read_text(binary, sizeof(binary), &kinds, &error), -EINVAL);
	assert_int_equal(error.line, 2);
	assert_int_equal(error.column, 4);
	resource_kinds_clear(&kinds);
	assert_non_null(huge);
	memset(huge, '\n', 70000);
	assert_int_equal(read_text(huge, 70000, &kinds, &error), -EINVAL);
	assert_non_null(strstr(error.text, "larger than"));
	free(huge);
	assert_int_equal(resource_file_read("/nonexistent", &kinds, &error), -EINVAL);
	assert_int_equal(error.line, 0);
	assert_non_null(strstr(error.text, "No such file"));
	assert_int_equal(resource_file_read("/tmp", &kinds, &error), -EINVAL);
}

static void test_limits(void **state)
{
	struct resource_kinds kinds = { 0 };
	struct resource_error error = { 0 };
	char text[4096] = "", line[128];

	(void)state;
	for (int i = 0; i <= RESOURCE_KINDS_MAX; i++) {
		snprintf(line, sizeof(line), "kind k%d\n" PAIR, i);
		strcat(text, line);
	}
	assert_int_equal(read_text(text, strlen(text), &kinds, &error), -EINVAL);
	assert_int_equal(error.line, 3 * RESOURCE_KINDS_MAX + 1);
	assert_non_null(strstr(error.text, "more than 16 kinds"));
	resource_kinds_clear(&kinds);
}

/* Any bytes: no crash, and no success without a kind. */
static void test_random(void **state)
{
	static const char *const words[] = { "kind",   "k",	   "acquire", "release", "resize",
					     "object", "handle=",  "arg1",    "*",	 "return",
					     "size=",  "ok=",	   "zero",    "\n",	 " ",
					     "#",      "\xff\xfe", "f",	      "\t",	 "=" };
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct resource_kinds kinds = { 0 };
		struct resource_error error = { 0 };
		char text[600] = "";

		for (int i = 0; i < 60; i++)
			strcat(text, words[rand_r(&seed) % (sizeof(words) / sizeof(*words))]);
		if (!read_text(text, strlen(text), &kinds, &error))
			assert_true(kinds.count > 0);
		resource_kinds_clear(&kinds);
	}
}

static void test_shipped(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("share/resources/*.res", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 8);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct resource_kinds kinds = { 0 };
		struct resource_error error = { 0 };

		if (resource_file_read(found.gl_pathv[i], &kinds, &error))
			fail_msg("%s:%u:%u: %s", found.gl_pathv[i], error.line, error.column,
				 error.text);
		resource_kinds_clear(&kinds);
	}
	globfree(&found);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything), cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_no_text),	   cmocka_unit_test(test_limits),
		cmocka_unit_test(test_random),	   cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
