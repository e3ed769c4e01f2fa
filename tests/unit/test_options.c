/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: values, modes, contradictions, messages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "options.h"
#include "options_parse.h"
#include "options_table.h"
#include "reach/graph.h"
#include "util/log.h"

#define ARGUMENTS_MAX 32

/* ---- one parse, with what it printed --------------------------------------- */

struct run {
	struct options options;
	char *argv[ARGUMENTS_MAX + 2];
	int outcome;
	char *out;
	char *err;
};

static char *read_all(FILE *file)
{
	long size = ftell(file);
	char *text = calloc(1, (size_t)size + 1);

	assert_non_null(text);
	rewind(file);
	assert_int_equal(fread(text, 1, (size_t)size, file), size);
	fclose(file);
	return text;
}

static FILE *redirect(FILE *stream, int *saved)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	fflush(stream);
	*saved = dup(fileno(stream));
	assert_true(*saved >= 0);
	assert_true(dup2(fileno(file), fileno(stream)) >= 0);
	return file;
}

static char *restore(FILE *stream, int saved, FILE *file)
{
	fflush(stream);
	dup2(saved, fileno(stream));
	close(saved);
	fseek(file, 0, SEEK_END);
	return read_all(file);
}

/* `line`: arguments parted by single blanks; '' stands for an empty one. */
static void run_parse(struct run *run, const char *line)
{
	static char name[] = "/usr/bin/leaktrace";
	char *words = strdup(line), *rest = words, *word;
	int argc = 0, saved_out, saved_err;
	FILE *out, *err;

	assert_non_null(words);
	run->argv[argc++] = name;
	while ((word = strsep(&rest, " ")) && argc <= ARGUMENTS_MAX)
		if (*word)
			run->argv[argc++] = strdup(strcmp(word, "''") ? word : "");
	run->argv[argc] = NULL;
	free(words);
	out = redirect(stdout, &saved_out);
	err = redirect(stderr, &saved_err);
	run->outcome = options_parse(argc, run->argv, &run->options);
	run->out = restore(stdout, saved_out, out);
	run->err = restore(stderr, saved_err, err);
	log_set_level(0);
}

static void run_end(struct run *run)
{
	options_free(&run->options);
	for (int i = 1; run->argv[i]; i++)
		free(run->argv[i]);
	free(run->out);
	free(run->err);
}

static void parse_right(struct run *run, const char *line)
{
	run_parse(run, line);
	if (run->outcome != OPTIONS_RUN)
		fail_msg("'%s' was refused: %s", line, run->err);
	assert_string_equal(run->out, "");
	assert_string_equal(run->err, "");
}

static void assert_wrong(const char *line, const char *message)
{
	static const char hint[] = "Try 'leaktrace --help' for more information.\n";
	struct run run;
	char *end;

	run_parse(&run, line);
	if (run.outcome != OPTIONS_WRONG)
		fail_msg("'%s' was taken", line);
	assert_string_equal(run.out, "");
	if (strncmp(run.err, "leaktrace: ", 11) || !strstr(run.err, message))
		fail_msg("'%s': \"%s\" instead of \"%s\"", line, run.err, message);
	end = strchr(run.err, '\n');
	assert_non_null(end);
	assert_string_equal(end + 1, hint);
	run_end(&run);
}

/* ---- values ------------------------------------------------------------------ */

struct value_case {
	const char *text;
	int error;
	uint64_t value;
};

static void check_values(int (*parse)(const char *, uint64_t *), const struct value_case *cases)
{
	for (; cases->text; cases++) {
		uint64_t value = 0;
		int error = parse(cases->text, &value);

		if (error != cases->error || (!error && value != cases->value))
			fail_msg("'%s': %d, %lu", cases->text, error, value);
	}
}

static void test_counts(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0, 0 },
		{ "17", 0, 17 },
		{ "007", 0, 7 },
		{ "10k", 0, 10000 },
		{ "2M", 0, 2000000 },
		{ "3G", 0, 3000000000 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "18446744073709551615k", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1.5k", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1KiB", -EINVAL, 0 },
		{ 0 },
	};

	(void)state;
	check_values(options_parse_count, cases);
}

static void test_bytes(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "12B", 0, 12 },
		{ "1k", 0, 1024 },
		{ "1K", 0, 1024 },
		{ "64KB", 0, 65536 },
		{ "64KiB", 0, 65536 },
		{ "2M", 0, 2097152 },
		{ "2MB", 0, 2097152 },
		{ "2MiB", 0, 2097152 },
		{ "1G", 0, 1073741824 },
		{ "1GiB", 0, 1073741824 },
		{ "17179869183G", 0, 17179869183 << 30 },
		{ "17179869184G", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-5", -EINVAL, 0 },
		{ "1m", -EINVAL, 0 },
		{ "1T", -EINVAL, 0 },
		{ "1 K", -EINVAL, 0 },
		{ "1Kx", -EINVAL, 0 },
		{ 0 },
	};

	(void)state;
	check_values(options_parse_bytes, cases);
}

static void test_times(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1000000000 },
		{ "0.5", 0, 500000000 },
		{ "10s", 0, 10000000000 },
		{ "250ms", 0, 250000000 },
		{ "0.25ms", 0, 250000 },
		{ "2m", 0, 120000000000 },
		{ "1.5h", 0, 5400000000000 },
		{ "0.000000001", 0, 1 },
		{ "0.999999999h", 0, 3599999996400 },
		{ "18446744073", 0, 18446744073000000000u },
		{ "18446744073.709551615", 0, UINT64_MAX },
		{ "18446744073.709551616", -ERANGE, 0 },
		{ "18446744074", -ERANGE, 0 },
		{ "99999999999999999h", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ ".5", -EINVAL, 0 },
		{ "5.", -EINVAL, 0 },
		{ "5.s", -EINVAL, 0 },
		{ "1.2.3", -EINVAL, 0 },
		{ "1,5", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1d", -EINVAL, 0 },
		{ "0.0000000001", -EINVAL, 0 },
		{ 0 },
	};

	(void)state;
	check_values(options_parse_time, cases);
}

static void test_pids(void **state)
{
	struct run run;

	(void)state;
	parse_right(&run, "-p 17,4 --pid=17 -p2147483647");
	assert_int_equal(run.options.mode, MODE_ATTACH);
	assert_int_equal(run.options.pid_count, 3);
	assert_int_equal(run.options.pids[0], 17);
	assert_int_equal(run.options.pids[1], 4);
	assert_int_equal(run.options.pids[2], 2147483647);
	run_end(&run);
	assert_wrong("-p 0", "--pid '0' is not understood");
	assert_wrong("-p -1", "--pid '-1' is not understood");
	assert_wrong("-p 1,", "--pid '1,' is not understood");
	assert_wrong("-p ,1", "not understood");
	assert_wrong("-p 1,,2", "not understood");
	assert_wrong("-p 1x", "not understood; wanted: process ids such as");
	assert_wrong("-p ''", "not understood");
	assert_wrong("-p 2147483648", "--pid '2147483648' is out of range");
	assert_wrong("-p 99999999999999999999", "out of range");
}

/* ---- modes ------------------------------------------------------------------- */

static void test_defaults(void **state)
{
	struct run run;

	(void)state;
	parse_right(&run, "true");
	assert_int_equal(run.options.mode, MODE_COMMAND);
	assert_int_equal(run.options.max_live, 1048576);
	assert_int_equal(run.options.max_sites, 262144);
	assert_int_equal(run.options.max_stack, 127);
	assert_int_equal(run.options.filter.top, 20);
	assert_int_equal(run.options.filter.sort, SORT_BYTES);
	assert_int_equal(run.options.filter.min_size, 0);
	assert_int_equal(run.options.filter.max_size, 0);
	assert_int_equal(run.options.filter.min_age_ns, 0);
	assert_int_equal(run.options.attach, ATTACH_AUTO);
	assert_int_equal(run.options.colour, COLOUR_AUTO);
	assert_int_equal(run.options.verbosity, 0);
	assert_int_equal(run.options.duration_ns, 0);
	assert_int_equal(run.options.interval_ns, 0);
	assert_false(run.options.no_follow);
	assert_false(run.options.no_pause);
	assert_false(run.options.no_namespace);
	assert_false(run.options.no_demangle);
	assert_false(run.options.place_at_entry);
	assert_false(run.options.empty_probes);
	assert_null(run.options.json);
	assert_null(run.options.output);
	assert_null(run.options.user);
	assert_null(run.options.recording);
	assert_null(run.options.pids);
	run_end(&run);
}

static void test_command_options(void **state)
{
	struct run run;

	(void)state;
	parse_right(&run, "-u nobody --no-follow -d 1.5 --attach=multi --alloc-prefix je_ "
			  "--alloc-prefix=my_ --object /a --no-pause --no-namespace -vv ls");
	assert_string_equal(run.options.user, "nobody");
	assert_true(run.options.no_follow);
	assert_int_equal(run.options.duration_ns, 1500000000);
	assert_int_equal(run.options.attach, ATTACH_MULTI);
	assert_int_equal(run.options.alloc_prefixes.count, 2);
	assert_string_equal(run.options.alloc_prefixes.texts[0], "je_");
	assert_string_equal(run.options.alloc_prefixes.texts[1], "my_");
	assert_int_equal(run.options.objects.count, 1);
	assert_string_equal(run.options.objects.texts[0], "/a");
	assert_true(run.options.no_pause);
	assert_true(run.options.no_namespace);
	assert_int_equal(run.options.verbosity, 2);
	run_end(&run);
}

static void test_limits_and_developers(void **state)
{
	struct run run;

	(void)state;
	parse_right(&run, "--max-live 2k --max-sites 1k --max-stack 1 --placement entry "
			  "--empty-probes -i 250ms -d 1m -p 1");
	assert_int_equal(run.options.max_live, 2000);
	assert_int_equal(run.options.max_sites, 1000);
	assert_int_equal(run.options.max_stack, 1);
	assert_true(run.options.place_at_entry);
	assert_true(run.options.empty_probes);
	assert_int_equal(run.options.interval_ns, 250000000);
	assert_int_equal(run.options.duration_ns, 60000000000);
	run_end(&run);
	parse_right(&run, "--placement entry --placement best ls");
	assert_false(run.options.place_at_entry);
	run_end(&run);
}

static void test_report_options(void **state)
{
	struct run run;

	(void)state;
	parse_right(&run, "--top 0 report --min-size 1K a.leak --max-size 1MiB --min-age 2m "
			  "--sort age --json x.json --color never -v");
	assert_int_equal(run.options.mode, MODE_REPORT);
	assert_string_equal(run.options.recording, "a.leak");
	assert_int_equal(run.options.filter.top, 0);
	assert_int_equal(run.options.filter.min_size, 1024);
	assert_int_equal(run.options.filter.max_size, 1048576);
	assert_int_equal(run.options.filter.min_age_ns, 120000000000);
	assert_int_equal(run.options.filter.sort, SORT_AGE);
	assert_string_equal(run.options.json, "x.json");
	assert_int_equal(run.options.colour, COLOUR_NEVER);
	assert_int_equal(run.options.verbosity, 1);
	run_end(&run);
}

static void test_sets(void **state)
{
	static const struct {
		const char *line;
		size_t offset;
		unsigned value;
	} cases[] = {
		{ "--show-kinds definite,reachable ls", offsetof(struct options, filter.classes),
		  1 << CLASS_DEFINITE | 1 << CLASS_REACHABLE },
		{ "--show-kinds all ls", offsetof(struct options, filter.classes), CLASSES_ALL },
		{ "--leak-check-heuristics none ls", offsetof(struct options, heuristics), 0 },
		{ "--leak-check-heuristics newarray,length64 ls",
		  offsetof(struct options, heuristics), HEURISTIC_NEWARRAY | HEURISTIC_LENGTH64 },
		{ "ls", offsetof(struct options, heuristics), HEURISTICS_ALL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run;

		parse_right(&run, cases[i].line);
		assert_int_equal(*(unsigned *)((char *)&run.options + cases[i].offset),
				 cases[i].value);
		run_end(&run);
	}
	assert_wrong("--show-kinds lost ls", "--show-kinds");
	assert_wrong("--show-kinds definite, ls", "--show-kinds");
	assert_wrong("--no-scan --scan-every 1 ls", "--scan-every has no meaning");
}

static void test_words(void **state)
{
	static const struct {
		const char *line;
		size_t offset;
		int value;
	} cases[] = {
		{ "--attach auto ls", offsetof(struct options, attach), ATTACH_AUTO },
		{ "--attach session ls", offsetof(struct options, attach), ATTACH_SESSION },
		{ "--attach multi ls", offsetof(struct options, attach), ATTACH_MULTI },
		{ "--attach single ls", offsetof(struct options, attach), ATTACH_SINGLE },
		{ "--sort bytes ls", offsetof(struct options, filter.sort), SORT_BYTES },
		{ "--sort count ls", offsetof(struct options, filter.sort), SORT_COUNT },
		{ "--sort age ls", offsetof(struct options, filter.sort), SORT_AGE },
		{ "--color auto ls", offsetof(struct options, colour), COLOUR_AUTO },
		{ "--color always ls", offsetof(struct options, colour), COLOUR_ALWAYS },
		{ "--color never ls", offsetof(struct options, colour), COLOUR_NEVER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run;

		parse_right(&run, cases[i].line);
		assert_int_equal(*(int *)((char *)&run.options + cases[i].offset), cases[i].value);
		run_end(&run);
	}
	assert_wrong("--attach best ls", "wanted: auto, session, multi, single\n");
	assert_wrong("--sort '' ls", "wanted: bytes, count, age\n");
	assert_wrong("--color Always ls", "wanted: auto, always, never\n");
	assert_wrong("--placement 1 ls", "wanted: best, entry\n");
}

static void assert_command(const char *line, size_t count, const char *first, const char *last)
{
	struct run run;

	parse_right(&run, line);
	assert_int_equal(run.options.mode, MODE_COMMAND);
	assert_int_equal(run.options.command_count, count);
	assert_string_equal(run.options.command[0], first);
	assert_string_equal(run.options.command[count - 1], last);
	assert_null(run.options.command[count]);
	run_end(&run);
}

static void test_command_is_left_alone(void **state)
{
	(void)state;
	assert_command("ls -l --pid 7 --help", 5, "ls", "--help");
	assert_command("-- ls -l", 2, "ls", "-l");
	assert_command("--top 5 -- ls --top", 2, "ls", "--top");
	assert_command("ls -- -x", 3, "ls", "-x");
	assert_command("-- --help", 1, "--help", "--help");
	assert_command("-- -- x", 2, "--", "x");
	assert_command("-- report file", 2, "report", "file");
	assert_command("--json report ls", 1, "ls", "ls");
	assert_command("''", 1, "", "");
}

/* ---- wrong usage --------------------------------------------------------------- */

static void test_contradictions(void **state)
{
	(void)state;
	assert_wrong("", "nothing to trace");
	assert_wrong("--", "nothing to trace");
	assert_wrong("--top 3", "nothing to trace");
	assert_wrong("-p 1 ls", "either --pid or a command ('ls'), not both");
	assert_wrong("-p 1 -- ls", "not both");
	assert_wrong("--no-namespace -p 1", "--no-namespace has no meaning with --pid");
	assert_wrong("-i 1 ls", "--interval has no meaning when a command is run without --live or "
				"--growth");
	assert_wrong("--output-of-command x ls",
		     "--output-of-command has no meaning without --live");
	assert_wrong("--live --output-of-command x -p 1",
		     "--output-of-command has no meaning with --pid");
	assert_wrong("--live report x", "--live has no meaning with report");
	assert_wrong("--events sometimes -p 1", "--events 'sometimes' is not understood");
	assert_wrong("-u root -p 1", "--user has no meaning with --pid");
	assert_wrong("report", "report needs the file");
	assert_wrong("report ''", "report needs the file");
	assert_wrong("report a b", "'b' is one too many");
	assert_wrong("-p 1 report a", "--pid has no meaning with report");
	assert_wrong("report a -o b", "--output has no meaning with report");
	assert_wrong("report a --max-live 5", "--max-live has no meaning with report");
	assert_wrong("report a -d 5", "--duration has no meaning with report");
	assert_wrong("report a --empty-probes", "--empty-probes has no meaning with report");
	assert_wrong("--min-size 2 --max-size 1 ls", "--min-size is larger than --max-size");
	assert_wrong("--json f -o f ls", "name the same file");
}

static void test_equal_sizes_are_right(void **state)
{
	struct run run;

	(void)state;
	parse_right(&run, "--min-size 1K --max-size 1024 ls");
	run_end(&run);
	parse_right(&run, "--min-size 1K ls");
	run_end(&run);
}

static void test_ranges(void **state)
{
	(void)state;
	assert_wrong("--max-stack 0 ls", "--max-stack '0' is out of range");
	assert_wrong("--max-stack 128 ls", "--max-stack '128' is out of range");
	assert_wrong("--max-live 0 ls", "out of range");
	assert_wrong("--max-live 2G ls", "out of range");
	assert_wrong("--max-sites 0 ls", "out of range");
	assert_wrong("--max-size 0 ls", "out of range");
	assert_wrong("-d 0 ls", "--duration '0' is out of range");
	assert_wrong("-i 0 -p 1", "--interval '0' is out of range");
	assert_wrong("--top -1 ls", "--top '-1' is not understood");
	assert_wrong("--top 18446744073709551616 ls", "--top '18446744073709551616' is out of");
	assert_wrong("--min-size ten ls", "wanted: bytes such as");
	assert_wrong("--min-age 5x ls", "wanted: seconds such as");
	assert_wrong("--json '' ls", "--json '' is not understood");
	assert_wrong("--object '' ls", "--object '' is not understood");
}

static void test_unknown_options(void **state)
{
	(void)state;
	assert_wrong("--foo ls", "unrecognized option '--foo'");
	assert_wrong("-Z ls", "invalid option -- 'Z'");
	assert_wrong("--usage", "unrecognized option '--usage'");
	assert_wrong("--pid", "option '--pid' requires an argument");
	assert_wrong("--no-pause=1 ls", "doesn't allow an argument");
	assert_wrong("--max 1 ls", "option '--max' is ambiguous");
}

/* ---- help and version ------------------------------------------------------------ */

static void test_version(void **state)
{
	struct run run;

	(void)state;
	run_parse(&run, "-V --foo");
	assert_int_equal(run.outcome, OPTIONS_DONE);
	assert_string_equal(run.out, "leaktrace " LEAKTRACE_VERSION "\n");
	assert_string_equal(run.err, "");
	run_end(&run);
}

static void test_help_has_every_option(void **state)
{
	struct run run;

	(void)state;
	run_parse(&run, "--help");
	assert_int_equal(run.outcome, OPTIONS_DONE);
	assert_string_equal(run.err, "");
	assert_ptr_equal(strstr(run.out, "Usage: leaktrace [OPTION...]"), run.out);
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		char name[64];

		if (!row->name)
			continue;
		snprintf(name, sizeof(name), " --%s", row->name);
		if (!strstr(run.out, name) != row->hidden)
			fail_msg("%s", name);
	}
	run_end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_command_options),
		cmocka_unit_test(test_limits_and_developers),
		cmocka_unit_test(test_report_options),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_command_is_left_alone),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_equal_sizes_are_right),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_help_has_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
