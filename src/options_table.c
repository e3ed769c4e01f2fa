/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the rows of options and how each form of value gets into struct options.
 * Must not know the rules between options, nor print.
 */
#include "options_table.h"

#include <errno.h>
#include <string.h>

#include "options.h"
#include "options_gate.h"
#include "options_parse.h"
#include "util/array.h"
#include "wire.h"

#define IN_COMMAND (1u << MODE_COMMAND)
#define IN_ATTACH (1u << MODE_ATTACH)
#define IN_REPORT (1u << MODE_REPORT | 1u << MODE_DIFF)
#define IN_COMPARE (1u << MODE_COMPARE)
#define IN_TRACE (IN_COMMAND | IN_ATTACH)
#define IN_ALL (IN_TRACE | IN_REPORT)
#define IN_ANY (IN_ALL | IN_COMPARE)

/* ---- forms of values ----------------------------------------------------- */

static int check_range(const struct option_row *row, uint64_t value, void *field)
{
	if (value < row->min || (row->max && value > row->max))
		return -ERANGE;
	*(uint64_t *)field = value;
	return 0;
}

static int set_count(const struct option_row *row, const char *text, void *field)
{
	uint64_t value;
	int error = options_parse_count(text, &value);

	return error ? error : check_range(row, value, field);
}

static int set_bytes(const struct option_row *row, const char *text, void *field)
{
	uint64_t value;
	int error = options_parse_bytes(text, &value);

	return error ? error : check_range(row, value, field);
}

static int set_time(const struct option_row *row, const char *text, void *field)
{
	uint64_t value;
	int error = options_parse_time(text, &value);

	return error ? error : check_range(row, value, field);
}

static int set_flag(const struct option_row *row, const char *text, void *field)
{
	(void)row;
	(void)text;
	*(bool *)field = true;
	return 0;
}

static int set_level(const struct option_row *row, const char *text, void *field)
{
	(void)row;
	(void)text;
	++*(int *)field;
	return 0;
}

static int set_text(const struct option_row *row, const char *text, void *field)
{
	(void)row;
	*(const char **)field = text;
	return *text ? 0 : -EINVAL;
}

static int set_texts(const struct option_row *row, const char *text, void *field)
{
	struct option_texts *list = field;
	const char **added = array_add(&list->texts, &list->count, sizeof(*list->texts));

	if (!added)
		return -ENOMEM;
	return set_text(row, text, added);
}

static int set_pids(const struct option_row *row, const char *text, void *field)
{
	struct options *options = field;

	(void)row;
	return options_parse_pids(text, &options->pids, &options->pid_count);
}

static int set_word(const struct option_row *row, const char *text, void *field)
{
	return options_parse_word(text, row->words, field);
}

static bool is_word(const char *word, const char *text, const char *end)
{
	return strlen(word) == (size_t)(end - text) && !strncmp(text, word, end - text);
}

static int set_kinds(const struct option_row *row, const char *text, void *field)
{
	bool *kinds = field;
	const char *end;

	(void)row;
	for (;; text = end + 1) {
		int kind = 0;

		end = strchrnul(text, ',');
		while (kind < KIND_CHOICES && !is_word(kind_table[kind].name, text, end))
			kind++;
		if (kind == KIND_CHOICES)
			return -EINVAL;
		kinds[kind] = true;
		if (!*end)
			return 0;
	}
}

/* A word of two is a flag. */
static int set_word_flag(const struct option_row *row, const char *text, void *field)
{
	int index;
	int error = options_parse_word(text, row->words, &index);

	if (!error)
		*(bool *)field = index;
	return error;
}

/* Words of a list, as bits in their order; "all" and "none". */
static int set_set(const struct option_row *row, const char *text, void *field)
{
	unsigned all = 0, set = 0;
	const char *end;

	for (size_t i = 0; row->words[i]; i++)
		all |= 1U << i;
	for (;; text = end + 1) {
		unsigned bits = 0;

		end = strchrnul(text, ',');
		for (size_t i = 0; row->words[i]; i++)
			if (is_word(row->words[i], text, end))
				bits = 1U << i;
		if (is_word("all", text, end))
			bits = all;
		if (!bits && !is_word("none", text, end))
			return -EINVAL;
		set |= bits;
		if (!*end)
			break;
	}
	*(unsigned *)field = set;
	return 0;
}

static const struct option_form count_form = { set_count, "a count such as 100, 10k, 2M" };
static const struct option_form bytes_form = { set_bytes, "bytes such as 4096, 64K, 2MiB" };
static const struct option_form time_form = { set_time,
					      "seconds such as 10, 0.5, or 250ms, 2m, 1h" };
static const struct option_form flag_form = { set_flag, NULL };
static const struct option_form level_form = { set_level, NULL };
static const struct option_form text_form = { set_text, "a text that is not empty" };
static const struct option_form texts_form = { set_texts, "a text that is not empty" };
static const struct option_form pids_form = { set_pids, "process ids such as 17 or 17,42" };
static const struct option_form rules_form = {
	options_add_rule, "KIND[:CLASS[,CLASS]][>AMOUNT] such as heap:definite, fd, heap>1MB, "
			  "heap:any>100 blocks"
};
static const struct option_form tolerances_form = { options_add_tolerances,
						    "KIND=AMOUNT[,...] such as heap=1KB,fd=2" };
static const struct option_form limits_form = {
	options_set_limits, "TIME:WARN%:FAIL%[,...] such as 1m:5%:10%,15%:20%, shorter times first"
};
static const struct option_form kinds_form = { set_kinds,
					       "some of heap, mmap, fd, thread, with commas" };
static const struct option_form set_form = { set_set, NULL };
static const struct option_form word_form = { set_word, NULL };
static const struct option_form word_flag_form = { set_word_flag, NULL };

/* set_word stores through int, set_count through uint64_t. */
_Static_assert(sizeof(enum finding_sort) == sizeof(int), "enums are int-sized");
/* set_texts stores through struct option_texts. */
_Static_assert(sizeof(struct process_globs) == sizeof(struct option_texts), "lists of texts");
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "filter.top is written as uint64_t");

/* ---- the options --------------------------------------------------------- */

static const char *const attach_words[] = {
	[ATTACH_AUTO] = "auto",
	[ATTACH_SESSION] = "session",
	[ATTACH_MULTI] = "multi",
	[ATTACH_SINGLE] = "single",
	NULL,
};
static const char *const sort_words[] = {
	[SORT_BYTES] = "bytes",
	[SORT_COUNT] = "count",
	[SORT_AGE] = "age",
	NULL,
};
static const char *const unwind_words[] = {
	[UNWIND_TABLES] = "dwarf",
	[UNWIND_FRAME_POINTERS] = "fp",
	NULL,
};
static const char *const colour_words[] = {
	[COLOUR_AUTO] = "auto",
	[COLOUR_ALWAYS] = "always",
	[COLOUR_NEVER] = "never",
	NULL,
};
static const char *const events_words[] = {
	[EVENTS_EXACT] = "exact",
	[EVENTS_PAGES] = "pages",
	NULL,
};
static const char *const yes_no_words[] = { "yes", "no", NULL };
static const char *const placement_words[] = { "best", "entry", NULL };
static const char *const scan_way_words[] = {
	[READER_AUTO] = "auto",
	[READER_CALL] = "call",
	[READER_PROGRAM] = "program",
	NULL,
};
static const char *const class_words[] = {
	[CLASS_DEFINITE] = "definite",
	[CLASS_INDIRECT] = "indirect",
	[CLASS_POSSIBLE] = "possible",
	[CLASS_REACHABLE] = "reachable",
	NULL,
};
static const char *const heuristic_words[] = { "stdstring", "length64", "newarray",
					       "multipleinheritance", NULL };

#define FIELD(name) .offset = offsetof(struct options, name)
#define HEADING(title)                                                                             \
	{                                                                                          \
		.text = (title)                                                                    \
	}

const struct option_row option_rows[] = {
	HEADING("What to trace:"),
	{ "pid", 'p', "PID[,PID]", "Attach to running processes (repeatable)", IN_ATTACH,
	  &pids_form, .offset = 0 },
	{ "user", 'u', "NAME", "Run the command as this user", IN_COMMAND | IN_COMPARE, &text_form,
	  FIELD(user) },
	{ "no-follow", 0, NULL, "Leave child processes alone", IN_TRACE | IN_COMPARE, &flag_form,
	  FIELD(no_follow) },
	{ "kinds", 0, "KIND[,KIND]", "What to trace: heap, mmap, fd, thread (default: all)",
	  IN_TRACE, &kinds_form, FIELD(kinds) },
	{ "resource", 0, "FILE", "Also trace the kinds that this file defines (repeatable)",
	  IN_TRACE, &texts_form, FIELD(resources) },
	{ "duration", 'd', "SECONDS", "Stop tracing after this time", IN_TRACE, &time_form,
	  FIELD(duration_ns), .min = 1 },
	{ "events", 0, "WAY",
	  "exact (default): allocator calls; pages: memory by the pages touched", IN_TRACE,
	  &word_form, FIELD(events), .words = events_words },
	{ "sample", 0, "BYTES",
	  "Track a sample of heap blocks, one point per so many bytes: less cost, estimates",
	  IN_TRACE, &bytes_form, FIELD(sample_bytes), .min = 1, .max = WIRE_SAMPLE_BYTES_MAX },
	{ "interval", 'i', "SECONDS",
	  "Report every so often (with --pid); with --live, --growth: sample so often", IN_TRACE,
	  &time_form, FIELD(interval_ns), .min = 1 },

	HEADING("To watch:"),
	{ "live", 0, NULL, "Watch what grows on a screen, like top", IN_TRACE, &flag_form,
	  FIELD(live) },
	{ "growth", 0, NULL, "Print a line of figures every so often", IN_TRACE, &flag_form,
	  FIELD(growth) },
	{ "output-of-command", 0, "FILE|pane",
	  "With --live, where the command writes (default: a pane of the screen)", IN_COMMAND,
	  &text_form, FIELD(output_of_command) },

	HEADING("What is lost, what is still reachable:"),
	{ "no-scan", 0, NULL, "Never stop a process to look into its memory", IN_TRACE, &flag_form,
	  FIELD(no_scan) },
	{ "show-kinds", 0, "CLASS[,CLASS]",
	  "Classes shown: definite, indirect, possible, reachable, all (default: "
	  "definite,possible)",
	  IN_ALL, &set_form, FIELD(filter.classes), .words = class_words },
	{ "scan-every", 0, "SECONDS", "Look and report every so often (SIGUSR1: now)", IN_TRACE,
	  &time_form, FIELD(scan_every_ns), .min = 1 },
	{ "max-pause", 0, "SECONDS", "A look stops a process no longer than that (default 10)",
	  IN_TRACE, &time_form, FIELD(max_pause_ns), .min = 1 },
	{ "leak-check-heuristics", 0, "NAME[,NAME]",
	  "What counts as a pointer to a start: all (default), none, stdstring, length64, "
	  "newarray, multipleinheritance",
	  IN_TRACE, &set_form, FIELD(heuristics), .words = heuristic_words },

	HEADING("To fail a run:"),
	{ "check", 0, NULL, "Fail on what is lost, left open, unjoined, in any followed process",
	  IN_ALL, &flag_form, FIELD(check) },
	{ "fail-on", 0, "RULE",
	  "Fail on KIND[:CLASS,...][>AMOUNT]: heap:definite, fd, 'heap>1MB' (repeatable)", IN_ALL,
	  &rules_form, FIELD(gate) },
	{ "tolerance", 0, "KIND=AMOUNT[,...]", "Known noise, taken off first: heap=1KB,fd=2",
	  IN_ALL, &tolerances_form, FIELD(gate) },
	{ "error-exitcode", 0, "N", "Exit status of a run that fails (default 23)", IN_ANY,
	  &count_form, FIELD(error_exitcode), .min = 1, .max = 255 },
	{ "ignore-process", 0, "GLOB", "Leave processes of that name or path out (repeatable)",
	  IN_ALL, &texts_form, FIELD(filter.ignored) },
	{ "only-process", 0, "GLOB", "Leave all others out (repeatable)", IN_ALL, &texts_form,
	  FIELD(filter.only) },

	{ "warmup", 0, "SECONDS", "With --growth: what was before does not count", IN_TRACE,
	  &time_form, FIELD(warm_up_ns), .min = 1 },
	{ "growth-limits", 0, "TIME:WARN:FAIL[,...]",
	  "With --growth, by how long it ran (default 1m:5%:10%,5m:10%:15%,15%:20%)", IN_TRACE,
	  &limits_form, FIELD(growth_limits) },
	{ "call", 0, "SYMBOL",
	  "Fail when calls of this function leave ever more behind (repeatable)", IN_TRACE,
	  &texts_form, FIELD(calls) },
	{ "warmup-calls", 0, "N", "Calls, and entries of a mark, that do not count (default 10)",
	  IN_TRACE, &count_form, FIELD(warm_up_calls) },
	{ "retries", 0, "N", "Rounds of ever more calls that are compared (default 10)", IN_TRACE,
	  &count_form, FIELD(retries), .min = 3, .max = WIRE_SCOPE_ROUNDS },

	HEADING("To compare two commands:"),
	{ "runs", 'r', "N", "How often each is run, after one to warm up (default 5)", IN_COMPARE,
	  &count_form, FIELD(runs), .min = 1, .max = 1000 },
	{ "allow", 0, "BYTES", "How much more the second may need (default 0)", IN_COMPARE,
	  &bytes_form, FIELD(allowed_bytes) },

	HEADING("What is known and accepted:"),
	{ "baseline", 0, "FILE", "Only what is new or grown since this recording fails",
	  IN_TRACE | 1u << MODE_REPORT, &text_form, FIELD(baseline) },
	{ "update-baseline", 0, NULL, "Write the baseline anew from this run", IN_TRACE, &flag_form,
	  FIELD(update_baseline) },
	{ "suppressions", 0, "FILE",
	  "Leave out what this file describes (Valgrind's or LSan's form)", IN_ALL, &texts_form,
	  FIELD(suppressions) },
	{ "default-suppressions", 0, "yes|no", "Those of the C library (default yes)", IN_ALL,
	  &word_flag_form, FIELD(no_default_suppressions), .words = yes_no_words },
	{ "gen-suppressions", 0, "FILE", "Write a suppression for each leak", IN_ALL, &text_form,
	  FIELD(gen_suppressions) },

	HEADING("How to trace:"),
	{ "attach", 0, "MODE", "Kind of probes: auto (default), session, multi, single", IN_TRACE,
	  &word_form, FIELD(attach), .words = attach_words },
	{ "alloc-prefix", 0, "PREFIX", "Also probe PREFIXmalloc and so on (repeatable)", IN_TRACE,
	  &texts_form, FIELD(alloc_prefixes) },
	{ "object", 0, "PATH", "Also probe the allocator in this file (repeatable)", IN_TRACE,
	  &texts_form, FIELD(objects) },
	{ "no-pause", 0, NULL, "Never stop a process, even if first allocations are missed",
	  IN_TRACE, &flag_form, FIELD(no_pause) },
	{ "no-namespace", 0, NULL,
	  "Attach process by process: the command stays in our mount namespace", IN_COMMAND,
	  &flag_form, FIELD(no_namespace) },
	{ "max-live", 0, "N", "Resources tracked at a time (default 1048576)", IN_TRACE,
	  &count_form, FIELD(max_live), .min = 1, .max = 1000000000 },
	{ "max-sites", 0, "N", "Call sites tracked (default 262144)", IN_TRACE, &count_form,
	  FIELD(max_sites), .min = 1, .max = 100000000 },
	{ "max-stack", 0, "N", "Frames kept of a call stack (1 to 127, default 127)", IN_TRACE,
	  &count_form, FIELD(max_stack), .min = 1, .max = WIRE_MAX_FRAMES },
	{ "max-stacks", 0, "N", "Distinct stacks kept (default 1000000)", IN_TRACE, &count_form,
	  FIELD(max_stacks), .min = 1, .max = 1000000000 },
	{ "unwind", 0, "WAY", "How stacks are walked: dwarf (default), fp (frame pointers)",
	  IN_TRACE, &word_form, FIELD(unwind), .words = unwind_words },

	HEADING("What to show:"),
	{ "top", 0, "N", "Call sites shown per process (default 20, 0: all)", IN_ALL, &count_form,
	  FIELD(filter.top) },
	{ "min-size", 0, "BYTES", "Only blocks of at least this size", IN_ALL, &bytes_form,
	  FIELD(filter.min_size) },
	{ "max-size", 0, "BYTES", "Only blocks of at most this size", IN_ALL, &bytes_form,
	  FIELD(filter.max_size), .min = 1 },
	{ "min-age", 0, "SECONDS", "Only what has been held for this long", IN_ALL, &time_form,
	  FIELD(filter.min_age_ns) },
	{ "sort", 0, "KEY", "Order by bytes (default), count, age", IN_ALL, &word_form,
	  FIELD(filter.sort), .words = sort_words },
	{ "no-demangle", 0, NULL, "Show C++ and Rust symbols as they are", IN_TRACE, &flag_form,
	  FIELD(no_demangle) },
	{ "color", 0, "WHEN", "Colour: auto (default), always, never", IN_ALL, &word_form,
	  FIELD(colour), .words = colour_words },

	HEADING("Files:"),
	{ "json", 0, "FILE", "Also write the report as JSON", IN_ANY, &text_form, FIELD(json) },
	{ "junit", 0, "FILE", "Also as JUnit's XML: a case per process and per mark", IN_ALL,
	  &text_form, FIELD(junit) },
	{ "valgrind-xml", 0, "FILE", "Also as Valgrind's XML (protocol 4)", IN_ALL, &text_form,
	  FIELD(valgrind_xml) },
	{ "sarif", 0, "FILE", "Also as SARIF 2.1.0", IN_ALL, &text_form, FIELD(sarif) },
	{ "markdown", 0, "FILE", "Also a summary in Markdown", IN_ALL, &text_form,
	  FIELD(markdown) },
	{ "output", 'o', "FILE", "Write a recording, for 'leaktrace report FILE'", IN_TRACE,
	  &text_form, FIELD(output) },

	HEADING("Others:"),
	{ "verbose", 'v', NULL, "Say more; twice: everything", IN_ANY, &level_form,
	  FIELD(verbosity) },
	{ .name = "version", .key = 'V', .text = "Print the version", .modes = IN_ALL },
	{ .name = "help", .text = "Print this help", .modes = IN_ALL },

	/* For those who work on leaktrace itself. */
	{ "placement", 0, "WHERE", "Place of probes: best, entry", IN_TRACE, &word_flag_form,
	  FIELD(place_at_entry), .words = placement_words, .hidden = true },
	{ "scan-way", 0, "WAY", "How memory is read: auto, call, program", IN_TRACE, &word_form,
	  FIELD(scan_way), .words = scan_way_words, .hidden = true },
	{ "empty-probes", 0, NULL, "Attach programs that do nothing", IN_TRACE, &flag_form,
	  FIELD(empty_probes), .hidden = true },
};

const size_t option_row_count = sizeof(option_rows) / sizeof(option_rows[0]);
