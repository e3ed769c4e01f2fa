/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an unpacked recording: what can be read of it is judged and shown in every form. */
#include <stdio.h>

#include "fuzz.h"

#include "analyze/baseline.h"
#include "analyze/findings.h"
#include "analyze/gate.h"
#include "analyze/roles.h"
#include "analyze/usage.h"
#include "analyze/verdict.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "report/report.h"

/* What is for people comes to a terminal, in the end; what is for programs does not matter. */
struct terminal {
	FILE *out;
	FILE *files;
	char *text;
	size_t size;
};

static void terminal_open(struct terminal *terminal)
{
	terminal->out = open_memstream(&terminal->text, &terminal->size);
	terminal->files = fopen("/dev/null", "w");
}

/* Nothing of a recording may drive it: no control characters, of Unicode neither. */
static void terminal_close(struct terminal *terminal)
{
	fclose(terminal->out);
	fclose(terminal->files);
	for (size_t i = 0; i < terminal->size; i++) {
		const uint8_t *at = (const uint8_t *)terminal->text + i;

		if ((at[0] < ' ' && at[0] != '\n') || at[0] == 0x7f ||
		    (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)) {
			fprintf(stderr, "a control character is written\n");
			abort();
		}
	}
	free(terminal->text);
}

static void show(const struct findings *findings, const struct verdict *verdict,
		 const struct terminal *to)
{
	static report_view *const files[] = { report_json, report_junit, report_valgrind_xml,
					      report_sarif };
	static report_view *const texts[] = { report_text, report_markdown, report_annotations,
					      report_suppressions };

	for (int verbosity = 0; verbosity <= 2; verbosity += 2) {
		const struct report_style style = { .verbosity = verbosity, .max_resources = 100 };

		for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
			files[i](findings, verdict, &style, to->files);
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			texts[i](findings, verdict, &style, to->out);
	}
	if (verdict->scopes)
		report_scope(verdict->scopes, "work", findings->snapshot, to->files);
}

/* Held against nothing, where all is new, and against itself. */
static void compare(struct findings *findings, const struct verdict *verdict,
		    const struct terminal *to)
{
	const struct report_style style = { .verbosity = 1 };
	struct baseline nothing = { 0 }, same;
	struct differences differences;

	if (baseline_fill(&same, findings))
		return;
	if (!differences_find(&differences, &nothing, &same)) {
		report_diff(findings, verdict, &differences, &style, to->out);
		report_diff_json(findings, verdict, &differences, to->files);
		differences_clear(&differences);
	}
	baseline_apply(&same, findings);
	baseline_clear(&same);
}

static void judge(const struct snapshot *snapshot, const struct finding_filter *filter,
		  const struct terminal *to)
{
	struct findings *findings = findings_new(snapshot, filter);
	struct gate gate = { .judges_growth = true };
	struct verdict *verdict;

	gate_add_all(&gate, snapshot);
	verdict = findings ? verdict_new(findings, &gate) : NULL;
	if (verdict) {
		show(findings, verdict, to);
		compare(findings, verdict, to);
	}
	verdict_free(verdict);
	findings_free(findings);
	gate_clear(&gate);
}

static void use(const struct snapshot *snapshot, const struct terminal *to)
{
	struct usage_differences differences;
	struct usage usage[2] = { usage_of(snapshot), usage_of(snapshot) };

	if (usage_compare(&differences, snapshot, snapshot))
		return;
	usage_keep_least(&usage[0], &usage[1]);
	report_compare(usage, &differences, true, to->out);
	report_compare_json(usage, &differences, true, to->files);
	usage_differences_clear(&differences);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct suppressions suppressions = { 0 };
	struct suppress_error error;
	const struct finding_filter all = { .classes = CLASSES_ALL, .sort = SORT_AGE };
	const struct finding_filter some = { .classes = 1U << CLASS_DEFINITE,
					     .top = 1,
					     .min_size = 2,
					     .suppressions = &suppressions };
	uint8_t *content = (uint8_t *)fuzz_copy(bytes, size);
	struct snapshot *snapshot;
	struct terminal terminal;

	if (recording_parse(content, size, &snapshot))
		return 0;
	suppressions_parse(&suppressions, suppressions_default, NULL, &error);
	roles_settle(snapshot);
	terminal_open(&terminal);
	judge(snapshot, &all, &terminal);
	judge(snapshot, &some, &terminal);
	use(snapshot, &terminal);
	terminal_close(&terminal);
	suppressions_clear(&suppressions);
	snapshot_free(snapshot);
	return 0;
}
