/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers for people, and names made safe to print. */
#include "fixture.h"

#include <stdio.h>

#include "report/escape.h"
#include "report/format.h"

static void check_escape(const char *text, const char *expected)
{
	char *written = NULL;
	size_t size, columns;
	FILE *stream = open_memstream(&written, &size);

	columns = escape_write(stream, text);
	fclose(stream);
	assert_string_equal(written, expected);
	assert_int_equal(escape_write(NULL, text), columns);
	free(written);
}

static void test_escape(void **state)
{
	char *escaped;

	(void)state;
	check_escape("plain", "plain");
	check_escape(NULL, "?");
	check_escape("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		     "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	check_escape("a\033[1m\n\x7f", "a\\x1b[1m\\x0a\\x7f");
	check_escape("\xc2\x85", "\\xc2\\x85");
	check_escape("\xe2\x80\xae", "\\xe2\\x80\\xae");
	/* Overlong, surrogate, too large, cut off, stray. */
	check_escape("\xc0\xaf", "\\xc0\\xaf");
	check_escape("\xed\xa0\x80", "\\xed\\xa0\\x80");
	check_escape("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	check_escape("\xe2\x82", "\\xe2\\x82");
	check_escape("\x80z", "\\x80z");
	assert_int_equal(escape_write(NULL, "h\xc3\xa9\n"), 6);
	escaped = escape_utf8("a\n\xff\xc3\xa9\xe2");
	assert_string_equal(escaped, "a\n\\xff\xc3\xa9\\xe2");
	free(escaped);
}

static void test_format(void **state)
{
	char text[FORMAT_SIZE];

	(void)state;
	assert_string_equal(format_count(text, 0), "0");
	assert_string_equal(format_count(text, 999), "999");
	assert_string_equal(format_count(text, 1000), "1,000");
	assert_string_equal(format_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
	assert_string_equal(format_number_of(text, 1, "block", "blocks"), "1 block");
	assert_string_equal(format_number_of(text, 0, "block", "blocks"), "0 blocks");
	assert_string_equal(format_bytes(text, 1), "1 byte");
	assert_string_equal(format_bytes(text, 999), "999 bytes");
	assert_string_equal(format_bytes(text, 1000), "1.0 KB");
	assert_string_equal(format_bytes(text, 999949), "999.9 KB");
	assert_string_equal(format_bytes(text, 999950), "1.0 MB");
	assert_string_equal(format_bytes(text, UINT64_MAX), "18.4 EB");
	assert_string_equal(format_bytes_exact(text, 18), "18 bytes");
	assert_string_equal(format_bytes_exact(text, 1234567), "1.2 MB (1,234,567 bytes)");
	assert_string_equal(format_bytes_exact(text, UINT64_MAX),
			    "18.4 EB (18,446,744,073,709,551,615 bytes)");
	assert_string_equal(format_age(text, 0), "0 ms");
	assert_string_equal(format_age(text, 350999999), "350 ms");
	assert_string_equal(format_age(text, 12300000000), "12.3 s");
	assert_string_equal(format_age(text, 90 * SECOND_NS), "1.5 min");
	assert_string_equal(format_age(text, 5400 * SECOND_NS), "1.5 h");
	assert_string_equal(format_age(text, 36 * 3600 * SECOND_NS), "1.5 d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
