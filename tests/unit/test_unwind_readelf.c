/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind/table against what readelf prints, over all of libc. */
#include <stdbool.h>

#include "unwind_fixture.h"

/* Where the columns of readelf's table stand, and where its rows are. */
struct listing {
	struct unwind *unwind;
	uint64_t start, end; /* of the FDE */
	int rbp_column;	     /* in words, -1: none */
	char cfa[32], rbp[32], rip[32];
	bool pending; /* a row that waits for its end */
	size_t rows;
};

static bool parse_offset(const char *text, const char *prefix, int *offset)
{
	size_t length = strlen(prefix);

	if (strncmp(text, prefix, length) || (text[length] != '+' && text[length] != '-'))
		return false;
	*offset = atoi(text + length);
	return true;
}

/* An expression is only "exp" here: any rule that stands for one may do. */
static void assert_listed(const struct listing *listing, uint64_t address)
{
	const struct wire_rule *rule = unwind_at(listing->unwind, address);
	int offset;

	if (!strcmp(listing->rip, "u")) {
		assert_int_equal(rule->cfa, WIRE_CFA_OUTERMOST);
		return;
	}
	if (rule->cfa == WIRE_CFA_UNSUPPORTED) {
		/* With good reason. */
		assert_true(strcmp(listing->rip, "c-8") || !strcmp(listing->cfa, "exp") ||
			    strchr(listing->rbp, 'r') ||
			    (strncmp(listing->cfa, "rsp", 3) && strncmp(listing->cfa, "rbp", 3)));
		return;
	}
	if (!strcmp(listing->cfa, "exp")) {
		assert_true(rule->cfa >= WIRE_CFA_AT_FP);
	} else {
		bool by_rsp = parse_offset(listing->cfa, "rsp", &offset);

		assert_true(by_rsp || parse_offset(listing->cfa, "rbp", &offset));
		assert_int_equal(rule->cfa, by_rsp ? WIRE_CFA_SP : WIRE_CFA_FP);
		assert_int_equal(rule->cfa_offset, offset);
	}
	if (rule->cfa == WIRE_CFA_SIGNAL)
		return;
	assert_string_equal(listing->rip, "c-8");
	if (parse_offset(listing->rbp, "c", &offset)) {
		assert_int_equal(rule->fp, WIRE_FP_AT_CFA);
		assert_int_equal(rule->fp_offset, offset);
	} else {
		assert_int_equal(rule->fp,
				 strcmp(listing->rbp, "exp") ? WIRE_FP_SAME : WIRE_FP_AT_FP);
	}
}

static void end_row(struct listing *listing, uint64_t end)
{
	if (!listing->pending)
		return;
	listing->pending = false;
	if (end <= listing->start)
		return;
	assert_listed(listing, listing->start);
	assert_listed(listing, end - 1);
	listing->rows++;
}

/* "LOC CFA rbx rbp ... ra" */
static void parse_columns(struct listing *listing, char *line)
{
	int column = 0;

	listing->rbp_column = -1;
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"), column++) {
		if (!strcmp(word, "rbp"))
			listing->rbp_column = column;
	}
}

static void parse_row(struct listing *listing, char *line)
{
	uint64_t address = strtoull(line, NULL, 16);
	int column = 0;

	end_row(listing, address);
	strcpy(listing->rbp, "u");
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n"), column++) {
		if (column == 1)
			snprintf(listing->cfa, sizeof(listing->cfa), "%s", word);
		if (column == listing->rbp_column)
			snprintf(listing->rbp, sizeof(listing->rbp), "%s", word);
		snprintf(listing->rip, sizeof(listing->rip), "%s", word);
	}
	listing->start = address;
	listing->pending = true;
}

static void parse_line(struct listing *listing, char *line)
{
	const char *range = strstr(line, " FDE ");

	if (range || strstr(line, " CIE ") || *line == '\n') {
		end_row(listing, listing->end);
		range = range ? strstr(range, "pc=") : NULL;
		if (range)
			listing->end = strtoull(strstr(range, "..") + 2, NULL, 16);
		else if (*line != '\n')
			listing->end = 0;
	} else if (!strncmp(line, "   LOC ", 7)) {
		parse_columns(listing, line);
	} else if (listing->end && strspn(line, "0123456789abcdef") == 16) {
		parse_row(listing, line);
	}
}

static void test_readelf(void **state)
{
	struct library libc = loaded("/libc.so.6");
	struct listing listing = { .unwind = unwind_of_path(libc.path) };
	char line[1024];
	FILE *stream;

	fixture_run(*state, "readelf --debug-dump=no-follow-links,frames-interp %s >listing",
		    libc.path);
	stream = fopen(fixture_path(*state, "listing"), "r");
	assert_non_null(stream);
	while (fgets(line, sizeof(line), stream))
		parse_line(&listing, line);
	end_row(&listing, listing.end);
	fclose(stream);
	assert_true(listing.rows > 10000);
	print_message("libc: %zu rows\n", listing.rows);
	unwind_free(listing.unwind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readelf, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
