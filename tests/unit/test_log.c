/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/log: what is in a message drives no terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "util/log.h"

static void assert_message(const char *name, const char *expected)
{
	FILE *before = stderr;
	char *text = NULL;
	size_t size;

	stderr = open_memstream(&text, &size);
	log_notice("%s: seen", name);
	fclose(stderr);
	stderr = before;
	assert_string_equal(text, expected);
	free(text);
}

static void test_names(void **state)
{
	(void)state;
	assert_message("/usr/bin/demo", "leaktrace: /usr/bin/demo: seen\n");
	assert_message("\x1b[2J\x7f", "leaktrace: \\x1b[2J\\x7f: seen\n");
	assert_message("a\tb\r", "leaktrace: a\\x09b\\x0d: seen\n");
	assert_message("\xc2\x9b"
		       "1m",
		       "leaktrace: \\xc2\\x9b"
		       "1m: seen\n");
	assert_message("gr\xc3\xbc\xc3\x9f", "leaktrace: gr\xc3\xbc\xc3\x9f: seen\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
