/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the reading of the command line and the rules between options. Must not
 * know what the options do, nor look at anything but argv.
 */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options_table.h"
#include "reach/graph.h"
#include "util/log.h"
#include "wire.h"

/* Keys of argp without a short option: the row's index, above what could be a character. */
#define COMMAND_WARM_UP_NS 1000000000ULL
#define WARM_UP_CALLS 10
#define RETRIES 10
#define RUNS 5
#define MAX_PAUSE_NS (10 * 1000000000ULL)
#define KEY_BASE 0x1000
#define ROWS_MAX 128

static const char arguments_text[] = "[--] COMMAND [ARGUMENT...]\n-p PID[,PID]\nreport FILE\ndiff "
				     "OLD NEW\ncompare -- COMMAND_A --- COMMAND_B";
static const char help_text[] =
	"Finds what a program acquires and never gives back, and shows the line that did it."
	"\vThe first argument that is no option, or what follows --, is the command; its own "
	"options are left alone. A report goes to standard error when a command is run, else to "
	"standard output. The manual, leaktrace(1), has more.";

struct parse {
	struct options *options;
	bool seen[ROWS_MAX];
	bool is_report; /* a subcommand was given: report, or diff */
	bool is_diff;
	bool is_compare;
};

/* ---- one option ---------------------------------------------------------- */

/* Functions below return 0 or an error of argp's kind: EINVAL after a message,
 * ENOMEM, ECANCELED when all is done. */

static void print_raw(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_raw(0, format, arguments);
	va_end(arguments);
}

static void explain_words(const struct option_row *row, const char *text)
{
	print_raw("leaktrace: --%s '%s' is not understood; wanted: ", row->name, text);
	for (int i = 0; row->words[i]; i++)
		print_raw("%s%s", i ? ", " : "", row->words[i]);
	print_raw("\n");
}

static void explain_value(const struct option_row *row, const char *text, int error)
{
	if (row->words)
		explain_words(row, text);
	else if (error == -ERANGE)
		log_error("--%s '%s' is out of range", row->name, text);
	else
		log_error("--%s '%s' is not understood; wanted: %s", row->name, text,
			  row->form->wanted);
}

/* Help and version: the rows without a form. */
static int print_and_end(const struct option_row *row, struct argp_state *state)
{
	if (!strcmp(row->name, "help"))
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK);
	else
		puts("leaktrace " LEAKTRACE_VERSION);
	return ECANCELED;
}

static int parse_option(struct parse *parse, size_t index, const char *text,
			struct argp_state *state)
{
	const struct option_row *row = &option_rows[index];
	int error;

	parse->seen[index] = true;
	if (!row->form)
		return print_and_end(row, state);
	error = row->form->set(row, text, (char *)parse->options + row->offset);
	if (!error || error == -ENOMEM)
		return -error;
	explain_value(row, text, error);
	return EINVAL;
}

static int parse_argument(struct parse *parse, char *text, struct argp_state *state)
{
	struct options *options = parse->options;

	if (!parse->is_compare && !state->quoted && !parse->is_report && !strcmp(text, "compare")) {
		parse->is_compare = true;
		return 0;
	}
	if (!parse->is_report && !parse->is_compare && !state->quoted &&
	    (!strcmp(text, "report") || !strcmp(text, "diff"))) {
		parse->is_report = true;
		parse->is_diff = !strcmp(text, "diff");
		return 0;
	}
	if (!parse->is_report) {
		/* All that is left is the command's. */
		options->command = &state->argv[state->next - 1];
		options->command_count = (size_t)state->argc - (size_t)state->next + 1;
		state->next = state->argc;
		return 0;
	}
	if (options->recording && (!parse->is_diff || options->old_recording)) {
		log_error("%s, '%s' is one too many",
			  parse->is_diff ? "diff takes two files" : "report takes one file", text);
		return EINVAL;
	}
	if (options->recording)
		options->old_recording = options->recording;
	options->recording = text;
	return 0;
}

static int row_key(size_t index)
{
	const struct option_row *row = &option_rows[index];

	if (!row->name)
		return 0;
	return row->key ? row->key : KEY_BASE + (int)index;
}

static error_t parse_key(int key, char *text, struct argp_state *state)
{
	struct parse *parse = state->input;

	/* Without a stream argp adds no hint of its own to getopt's messages. */
	if (key == ARGP_KEY_INIT)
		state->err_stream = NULL;
	if (key == ARGP_KEY_ARG)
		return parse_argument(parse, text, state);
	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].name && key == row_key(i))
			return parse_option(parse, i, text, state);
	return ARGP_ERR_UNKNOWN;
}

/* ---- rules between options ----------------------------------------------- */

static const char *const mode_texts[] = {
	[MODE_COMMAND] = "when a command is run",
	[MODE_ATTACH] = "with --pid",
	[MODE_REPORT] = "with report",
	[MODE_DIFF] = "with diff",
	[MODE_COMPARE] = "with compare",
};

/* "A --- B": both are ended by a NULL. */
static bool split_commands(struct options *options)
{
	for (size_t i = 1; options->command && i + 1 < options->command_count; i++) {
		if (strcmp(options->command[i], "---") != 0)
			continue;
		options->other_command = &options->command[i + 1];
		options->other_command_count = options->command_count - i - 1;
		options->command[i] = NULL;
		options->command_count = i;
		return true;
	}
	return false;
}

static int choose_mode(struct parse *parse)
{
	struct options *options = parse->options;

	if (options->command && options->pid_count) {
		log_error("give either --pid or a command ('%s'), not both", options->command[0]);
		return EINVAL;
	}
	if (parse->is_report && (!options->recording || !*options->recording)) {
		log_error("report needs the file of a recording");
		return EINVAL;
	}
	if (parse->is_diff && (!options->old_recording || !*options->old_recording)) {
		log_error("diff needs the files of two recordings, the old one first");
		return EINVAL;
	}
	if (parse->is_compare && !split_commands(options)) {
		log_error("compare needs two commands: compare [OPTION...] -- A --- B");
		return EINVAL;
	}
	if (!parse->is_report && !options->command && !options->pid_count) {
		log_error("nothing to trace: give --pid PID or a command");
		return EINVAL;
	}
	options->mode = parse->is_compare  ? MODE_COMPARE
			: parse->is_diff   ? MODE_DIFF
			: parse->is_report ? MODE_REPORT
			: options->command ? MODE_COMMAND
					   : MODE_ATTACH;
	return 0;
}

static bool has_gate(const struct options *options)
{
	return options->check || options->gate.rule_count || options->gate.judges_growth ||
	       options->baseline;
}

static int check_rules(struct parse *parse)
{
	const struct options *options = parse->options;
	int error = choose_mode(parse);

	if (error)
		return error;
	/* A command begins with nothing: all that it sets up would be growth. */
	if (options->growth && options->mode == MODE_COMMAND && !options->warm_up_ns)
		parse->options->warm_up_ns = COMMAND_WARM_UP_NS;
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (!parse->seen[i] || row->modes & 1u << options->mode)
			continue;
		log_error("--%s has no meaning %s", row->name, mode_texts[options->mode]);
		return EINVAL;
	}
	if (options->interval_ns && options->mode == MODE_COMMAND && !options->live &&
	    !options->growth) {
		log_error("--interval has no meaning when a command is run without --live or "
			  "--growth");
		return EINVAL;
	}
	if (options->sample_bytes && (options->gate.rule_count || options->check ||
				      options->calls.count || options->baseline)) {
		log_error("--sample gives estimates, and a verdict needs every block: leave it "
			  "out with --check, --fail-on, --call and --baseline");
		return EINVAL;
	}
	if (options->sample_bytes && options->events == EVENTS_PAGES) {
		log_error("--sample has no meaning with --events pages");
		return EINVAL;
	}
	if (options->sample_bytes && options->scan_every_ns) {
		log_error("--scan-every has no meaning with --sample");
		return EINVAL;
	}
	if (options->no_scan && options->scan_every_ns) {
		log_error("--scan-every has no meaning with --no-scan");
		return EINVAL;
	}
	if (options->output_of_command && !options->live) {
		log_error("--output-of-command has no meaning without --live");
		return EINVAL;
	}
	if (options->error_exitcode && !has_gate(options) && options->mode != MODE_COMPARE) {
		log_error("--error-exitcode has no meaning without --check or --fail-on");
		return EINVAL;
	}
	if (options->gate.tolerance_count && !has_gate(options)) {
		log_error("--tolerance has no meaning without --check or --fail-on");
		return EINVAL;
	}
	if ((options->warm_up_ns || options->gate.judges_growth) && !options->growth) {
		log_error("%s has no meaning without --growth",
			  options->warm_up_ns ? "--warmup" : "--fail-on growth");
		return EINVAL;
	}
	if (options->calls.count > WIRE_CALLS_MAX) {
		log_error("--call was given %zu times: %d functions are the most",
			  options->calls.count, WIRE_CALLS_MAX);
		return EINVAL;
	}
	if (options->update_baseline && !options->baseline) {
		log_error("--update-baseline needs --baseline FILE");
		return EINVAL;
	}
	if (options->filter.max_size && options->filter.min_size > options->filter.max_size) {
		log_error("--min-size is larger than --max-size");
		return EINVAL;
	}
	if (options->json && options->output && !strcmp(options->json, options->output)) {
		log_error("--json and --output name the same file");
		return EINVAL;
	}
	return 0;
}

/* ---- the whole ----------------------------------------------------------- */

static int run_argp(int argc, char **argv, struct parse *parse)
{
	struct argp_option argp_options[ROWS_MAX + 1] = { 0 };
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_key,
		.args_doc = arguments_text,
		.doc = help_text,
	};
	int group = 0;

	if (option_row_count > ROWS_MAX)
		return ENOMEM;
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		/* A row without a name is a heading. */
		group += !row->name;
		argp_options[i] = (struct argp_option){
			.name = row->name,
			.key = row_key(i),
			.arg = row->argument,
			.flags = row->hidden ? OPTION_HIDDEN : 0,
			.doc = row->text,
			.group = group,
		};
	}
	return argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP | ARGP_IN_ORDER, NULL,
			  parse);
}

int options_parse(int argc, char **argv, struct options *options)
{
	struct parse parse = { .options = options };
	int error;

	*options = (struct options){
		.max_live = 1048576,
		.max_sites = 262144,
		.max_stacks = 1000000,
		.max_stack = WIRE_MAX_FRAMES,
		.max_pause_ns = MAX_PAUSE_NS,
		.growth_limits = growth_limits_default,
		.warm_up_calls = WARM_UP_CALLS,
		.retries = RETRIES,
		.runs = RUNS,
		.heuristics = HEURISTICS_ALL,
		.filter = { .top = 20,
			    .sort = SORT_BYTES,
			    .classes = 1U << CLASS_DEFINITE | 1U << CLASS_POSSIBLE },
	};
	/* getopt puts it before its messages */
	if (argc > 0)
		argv[0] = basename(argv[0]);
	error = run_argp(argc, argv, &parse);
	if (!error)
		error = check_rules(&parse);
	log_set_level(options->verbosity);
	if (error == ENOMEM)
		return -ENOMEM;
	if (error == ECANCELED)
		return OPTIONS_DONE;
	if (error) {
		/* What is wrong was said above, or by getopt. */
		print_raw("Try 'leaktrace --help' for more information.\n");
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}

void options_free(struct options *options)
{
	free(options->pids);
	free(options->alloc_prefixes.texts);
	free(options->objects.texts);
	free(options->resources.texts);
	free(options->calls.texts);
	free(options->suppressions.texts);
	free(options->filter.ignored.texts);
	free(options->filter.only.texts);
	gate_clear(&options->gate);
}
