/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judgement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/scopes.h"
#include "analyze/verdict.h"
#include "model/recording.h"
#include "model/snapshot.h"
#include "options.h"
#include "session.h"
#include "util/array.h"
#include "util/log.h"
#include "util/status.h"

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
	/* What is there is accepted. */
	if (options->update_baseline)
		return 0;
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
	gate->judges_growth = options->gate.judges_growth || (options->check && options->growth);
	gate->calls = options->calls.texts;
	gate->call_count = options->calls.count;
	/* What is new or grown fails, of whatever kind, unless rules say which. */
	return options->check || (options->baseline && !gate->rule_count)
		       ? gate_add_all(gate, snapshot)
		       : 0;
}

static int explain_suppressions(const char *path, int error, const struct suppress_error *what)
{
	if (error == -EINVAL && what->line)
		log_error("%s:%u:%u: %s", path, what->line, what->column, what->text);
	else
		log_error("cannot read suppressions of %s: %s", path, strerror(-error));
	return error == -ENOMEM ? STATUS_UNMEASURED : STATUS_WRONG_USAGE;
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

void judgement_lack_memory(struct judgement *judgement)
{
	judgement->lacks_memory = true;
}

void judgement_add_growth(struct judgement *judgement, const char *text)
{
	struct gate *gate = &judgement->gate;
	char **slot;

	gate->growth_is_known = true;
	slot = text ? array_add(&judgement->growths, &judgement->growth_count, sizeof(*slot))
		    : NULL;
	if (slot)
		*slot = strdup(text);
	if (text && (!slot || !*slot))
		judgement_lack_memory(judgement);
	gate->growths = (const char *const *)judgement->growths;
	gate->growth_count = judgement->growth_count;
}

void judgement_add_suppressions(struct judgement *judgement, const char *text, const char *path)
{
	struct suppress_error what;

	int error = suppressions_parse(&judgement->suppressions, text, path, &what);

	if (error == -ENOMEM)
		judgement_lack_memory(judgement);
	else if (error == -EINVAL)
		log_notice("%s: its own suppressions, line %u: %s", path, what.line, what.text);
}

static int explain_recording(const char *path, int error)
{
	log_error("cannot read %s: %s", path,
		  error == -EBADMSG	      ? "it is no recording, or a damaged one"
		  : error == -EPROTONOSUPPORT ? "another version of leaktrace wrote it"
					      : strerror(-error));
	return STATUS_UNMEASURED;
}

int judgement_read_recording(const char *path, struct snapshot **snapshot)
{
	int error = recording_read(path, snapshot);

	return error ? explain_recording(path, error) : 0;
}

/* What the user wants to see, but for --top. */
static struct finding_filter filter_of(const struct judgement *judgement)
{
	struct finding_filter filter = judgement->options->filter;

	filter.top = 0;
	filter.suppressions = judgement->suppressions.count ? &judgement->suppressions : NULL;
	return filter;
}

static int read_old_run(struct judgement *judgement)
{
	const struct options *options = judgement->options;
	struct finding_filter filter = filter_of(judgement);
	const char *path = options->baseline ? options->baseline : options->old_recording;
	int status;

	/* One that is to be written may not be there yet. */
	if (!path || options->update_baseline)
		return 0;
	status = judgement_read_recording(path, &judgement->old_run);
	if (status)
		return status;
	judgement->old_findings = findings_new(judgement->old_run, &filter);
	if (judgement->old_findings &&
	    !baseline_fill(&judgement->baseline, judgement->old_findings))
		return 0;
	log_error("out of memory");
	return STATUS_UNMEASURED;
}

int judgement_begin(struct judgement *judgement, const struct options *options,
		    const struct snapshot *snapshot)
{
	int status;

	*judgement = (struct judgement){ .options = options };
	for (size_t i = 0; i < options->gate.rule_count; i++)
		if (!knows_kind(snapshot, "--fail-on", options->gate.rules[i].kind))
			return STATUS_WRONG_USAGE;
	for (size_t i = 0; i < options->gate.tolerance_count; i++)
		if (!knows_kind(snapshot, "--tolerance", options->gate.tolerances[i].kind))
			return STATUS_WRONG_USAGE;
	if (copy_gate(&judgement->gate, options, snapshot)) {
		log_error("out of memory");
		return STATUS_UNMEASURED;
	}
	status = read_suppressions(&judgement->suppressions, options);
	return status ? status : read_old_run(judgement);
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
	const struct finding_filter every = filter_of(judgement);
	struct finding_filter shown = every;
	const size_t top = judgement->options->filter.top;
	bool is_limited =
		top && !interim &&
		(judgement->gate.rule_count || judgement->old_run || has_scopes(snapshot));

	shown.top = top;
	*judged = (struct judged){ .shown = findings_new(snapshot, &shown) };
	judged->all = judged->shown && is_limited ? findings_new(snapshot, &every) : judged->shown;
	if (judged->all && judgement->old_run &&
	    baseline_apply(&judgement->baseline, judged->all)) {
		judged_clear(judged);
		return -ENOMEM;
	}
	if (judged->all && !judgement->lacks_memory)
		judged->verdict = verdict_new(judged->all, interim ? NULL : &judgement->gate);
	if (judged->verdict)
		return 0;
	judged_clear(judged);
	return -ENOMEM;
}

int judgement_scopes(const struct judgement *judgement, const struct snapshot *snapshot,
		     const char *name, struct findings **findings, struct scope_results **results)
{
	const struct finding_filter filter = filter_of(judgement);

	*findings = findings_new(snapshot, &filter);
	*results = *findings ? scope_results_new(*findings, name) : NULL;
	if (*results)
		return 0;
	findings_free(*findings);
	*findings = NULL;
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
		return STATUS_UNMEASURED;
	case VERDICT_LEAK:
		return options->error_exitcode ? (int)options->error_exitcode : STATUS_LEAK;
	default:
		return STATUS_OK;
	}
}

void judgement_clear(struct judgement *judgement)
{
	baseline_clear(&judgement->baseline);
	findings_free(judgement->old_findings);
	snapshot_free(judgement->old_run);
	for (size_t i = 0; i < judgement->growth_count; i++)
		free(judgement->growths[i]);
	free(judgement->growths);
	gate_clear(&judgement->gate);
	suppressions_clear(&judgement->suppressions);
}
