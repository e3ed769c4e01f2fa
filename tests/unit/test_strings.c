/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The string pool: equal strings are equal pointers, and copies of what was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "util/strings.h"

static void test_equal_strings_are_one(void **state)
{
	struct strings *strings = strings_new();
	char text[] = "malloc";
	const char *first = strings_intern(strings, text);

	(void)state;
	assert_ptr_not_equal(first, text);
	assert_ptr_equal(strings_intern(strings, "malloc"), first);
	text[0] = 'x';
	assert_string_equal(first, "malloc");
	assert_ptr_not_equal(strings_intern(strings, text), first);
	strings_free(strings);
}

static void test_null_and_empty(void **state)
{
	struct strings *strings = strings_new();
	const char *empty = strings_intern(strings, "");

	(void)state;
	assert_null(strings_intern(strings, NULL));
	assert_string_equal(empty, "");
	assert_ptr_equal(strings_intern(strings, ""), empty);
	strings_free(strings);
	strings_free(NULL);
}

static void test_pointers_survive_growth(void **state)
{
	struct strings *strings = strings_new();
	static const char *pointers[5000];
	char text[16];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "name%d", i);
		pointers[i] = strings_intern(strings, text);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "name%d", i);
		assert_string_equal(pointers[i], text);
		assert_ptr_equal(strings_intern(strings, text), pointers[i]);
	}
	strings_free(strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_strings_are_one),
		cmocka_unit_test(test_null_and_empty),
		cmocka_unit_test(test_pointers_survive_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
