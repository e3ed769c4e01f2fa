/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judgement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/verdict.h"
#include "model/snapshot.h"
#include "options.h"
#include "session.h"
#include "util/array.h"
#include "util/log.h"

static bool knows_kind(const struct snapshot *snapshot, const char *option, const char *name)
{
	for (size_t i = 0; i < snapshot->kind_count; i++)
		if (!strcmp(snapshot->kinds[i].name, name))
			return true;
	log_error("%s: there is no kind '%s' (heap, mmap, fd, thread, or one of --resource)",
		  option, name);
	return false;
}

/* The options are const: a copy gets the rules of --check as well. */
static int copy_gate(struct gate *gate, const struct options *options,
		     const struct snapshot *snapshot)
{
	for (size_t i = 0; i < options->gate.rule_count; i++) {
		struct gate_rule *rule = array_add(&gate->rules, &gate->rule_count, sizeof(*rule));

		if (!rule)
			return -ENOMEM;
		*rule = options->gate.rules[i];
	}
	for (size_t i = 0; i < options->gate.tolerance_count; i++) {
		struct gate_tolerance *tolerance =
			array_add(&gate->tolerances, &gate->tolerance_count, sizeof(*tolerance));

		if (!tolerance)
			return -ENOMEM;
		*tolerance = options->gate.tolerances[i];
	}
	gate->calls = options->calls.texts;
	gate->call_count = options->calls.count;
	return options->check ? gate_add_all(gate, snapshot) : 0;
}

static int explain_suppressions(const char *path, int error, const struct suppress_error *what)
{
	if (error == -EINVAL && what->line)
		log_error("%s:%u:%u: %s", path, what->line, what->column, what->text);
	else
		log_error("cannot read suppressions of %s: %s", path, strerror(-error));
	return SESSION_WRONG_USAGE;
}

static int read_suppressions(struct suppressions *suppressions, const struct options *options)
{
	struct suppress_error what;
	int error = 0;

	/* The user's first: what they say of a leak goes before what we say. */
	for (size_t i = 0; i < options->suppressions.count; i++) {
		error = suppressions_read(suppressions, options->suppressions.texts[i], &what);
		if (error)
			return explain_suppressions(options->suppressions.texts[i], error, &what);
	}
	if (!options->no_default_suppressions)
		error = suppressions_parse(suppressions, suppressions_default, NULL, &what);
	return error ? explain_suppressions("the default suppressions", error, &what) : 0;
}

void judgement_add_suppressions(struct judgement *judgement, const char *text, const char *path)
{
	struct suppress_error what;

	if (suppressions_parse(&judgement->suppressions, text, path, &what) == -EINVAL)
		log_notice("%s: its own suppressions, line %u: %s", path, what.line, what.text);
}

int judgement_begin(struct judgement *judgement, const struct options *options,
		    const struct snapshot *snapshot)
{
	*judgement = (struct judgement){ .options = options };
	for (size_t i = 0; i < options->gate.rule_count; i++)
		if (!knows_kind(snapshot, "--fail-on", options->gate.rules[i].kind))
			return SESSION_WRONG_USAGE;
	for (size_t i = 0; i < options->gate.tolerance_count; i++)
		if (!knows_kind(snapshot, "--tolerance", options->gate.tolerances[i].kind))
			return SESSION_WRONG_USAGE;
	if (!copy_gate(&judgement->gate, options, snapshot))
		return read_suppressions(&judgement->suppressions, options);
	log_error("out of memory");
	return SESSION_UNMEASURED;
}

static bool has_scopes(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->process_count; i++)
		if (snapshot->processes[i].scope_count)
			return true;
	return false;
}

int judgement_make(const struct judgement *judgement, const struct snapshot *snapshot, bool interim,
		   struct judged *judged)
{
	struct finding_filter filter = judgement->options->filter;
	bool is_limited =
		filter.top && !interim && (judgement->gate.rule_count || has_scopes(snapshot));

	if (judgement->suppressions.count)
		filter.suppressions = &judgement->suppressions;
	*judged = (struct judged){ .shown = findings_new(snapshot, &filter) };
	filter.top = 0;
	judged->all = judged->shown && is_limited ? findings_new(snapshot, &filter) : judged->shown;
	if (judged->all)
		judged->verdict = verdict_new(judged->all, interim ? NULL : &judgement->gate);
	if (judged->verdict)
		return 0;
	judged_clear(judged);
	return -ENOMEM;
}

void judged_clear(struct judged *judged)
{
	verdict_free(judged->verdict);
	if (judged->all != judged->shown)
		findings_free(judged->all);
	findings_free(judged->shown);
	*judged = (struct judged){ 0 };
}

int judgement_status(const struct judgement *judgement, const struct verdict *verdict)
{
	const struct options *options = judgement->options;

	switch (verdict->word) {
	case VERDICT_UNMEASURED:
		return SESSION_UNMEASURED;
	case VERDICT_LEAK:
		return options->error_exitcode ? (int)options->error_exitcode : SESSION_LEAK;
	default:
		return SESSION_OK;
	}
}

void judgement_clear(struct judgement *judgement)
{
	gate_clear(&judgement->gate);
	suppressions_clear(&judgement->suppressions);
}
