/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a snapshot to the files and the stream that the user asked for. */
#include "output.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyze/findings.h"
#include "analyze/roles.h"
#include "analyze/scopes.h"
#include "analyze/verdict.h"
#include "judgement.h"
#include "model/recording.h"
#include "options.h"
#include "report/report.h"
#include "symbols/symbols.h"
#include "util/file.h"
#include "util/log.h"

#define JSON_RESOURCES 100

static int check_path(const char *path)
{
	char *copy, *folder;
	int error = 0;

	if (!path || !access(path, W_OK))
		return 0;
	if (errno == ENOENT) {
		copy = strdup(path);
		folder = copy ? dirname(copy) : NULL;
		error = !folder || access(folder, W_OK | X_OK) ? -errno : 0;
		free(copy);
	} else {
		error = -errno;
	}
	if (error)
		log_error("cannot write %s: %s", path, strerror(-error));
	return error;
}

bool output_has_colour(const struct options *options, FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");

	if (options->colour != COLOUR_AUTO)
		return options->colour == COLOUR_ALWAYS;
	return isatty(fileno(stream)) && !(no_colour && *no_colour);
}

/* Beside the text. */
static const struct output_file {
	size_t option; /* offset of the path in struct options */
	const char *what;
	report_view *view;
} files[] = {
	{ offsetof(struct options, json), "JSON to", report_json },
	{ offsetof(struct options, gen_suppressions), "suppressions to", report_suppressions },
	{ offsetof(struct options, junit), "JUnit's XML to", report_junit },
	{ offsetof(struct options, valgrind_xml), "Valgrind's XML to", report_valgrind_xml },
	{ offsetof(struct options, sarif), "SARIF to", report_sarif },
	{ offsetof(struct options, markdown), "Markdown to", report_markdown },
};

#define FILES (sizeof(files) / sizeof(*files))

static const char *path_of(const struct options *options, const struct output_file *file)
{
	return *(const char *const *)((const char *)options + file->option);
}

static int write_file(const char *path, report_view *view, const struct judged *judged,
		      const struct report_style *style)
{
	FILE *stream = file_create(path);

	return stream ? file_finish(stream, path,
				    view(judged->shown, judged->verdict, style, stream))
		      : -errno;
}

static int say(int error, const char *what, const char *path)
{
	if (error)
		log_error("cannot write %s %s: %s", what, path, strerror(-error));
	return error;
}

int output_check(const struct options *options)
{
	int error = check_path(options->output)
			    ?: options->update_baseline ? check_path(options->baseline)
							: 0;

	for (size_t i = 0; !error && i < FILES; i++)
		error = check_path(path_of(options, &files[i]));
	return error;
}

/* GitHub tells by the environment that it runs us, and where a summary is to go. */
static int write_for_github(const struct judged *judged, const struct report_style *style,
			    FILE *stream)
{
	const char *runs = getenv("GITHUB_ACTIONS"), *path = getenv("GITHUB_STEP_SUMMARY");
	FILE *summary;
	int error;

	if (!runs || strcmp(runs, "true") != 0 || !judged->verdict->has_gate)
		return 0;
	error = say(report_annotations(judged->shown, judged->verdict, style, stream), "the",
		    "annotations");
	if (!path || !*path)
		return error;
	summary = fopen(path, "ae");
	if (!summary)
		return say(-errno, "the summary to", path);
	error = say(report_markdown(judged->shown, judged->verdict, style, summary),
		    "the summary to", path)
			?: error;
	fclose(summary);
	return error;
}

static int write_views(const struct judgement *judgement, const struct snapshot *snapshot,
		       FILE *stream, bool interim, int *status)
{
	const struct options *options = judgement->options;
	struct report_style style = {
		.colour = output_has_colour(options, stream),
		.verbosity = options->verbosity,
		.max_resources = JSON_RESOURCES,
	};
	struct judged judged;
	int error = say(judgement_make(judgement, snapshot, interim, &judged), "the", "report");

	if (error)
		return error;
	for (size_t i = 0; !interim && i < FILES; i++) {
		const char *path = path_of(options, &files[i]);

		if (path)
			error = say(write_file(path, files[i].view, &judged, &style), files[i].what,
				    path)
					?: error;
	}
	/* Files first: who reads the text may have seen enough, and SIGPIPE ends us. */
	error = say(report_text(judged.shown, judged.verdict, &style, stream), "the", "report")
			?: error;
	if (!interim)
		error = write_for_github(&judged, &style, stream) ?: error;
	*status = judgement_status(judgement, judged.verdict);
	judged_clear(&judged);
	return error;
}

int output_write(const struct judgement *judgement, struct symbols *symbols,
		 struct snapshot *snapshot, FILE *stream, int *status)
{
	const struct options *options = judgement->options;
	int error = symbols ? symbols_resolve(symbols, snapshot) : 0;

	say(error, "names to", "the report");
	roles_settle(snapshot);
	if (options->update_baseline)
		error = say(recording_write(snapshot, options->baseline), "the baseline",
			    options->baseline)
				?: error;
	if (options->output && options->mode != MODE_REPORT)
		error = say(recording_write(snapshot, options->output), "the recording",
			    options->output)
				?: error;
	return write_views(judgement, snapshot, stream, false, status) ?: error;
}

int output_record(struct symbols *symbols, struct snapshot *snapshot, const char *path)
{
	int error = symbols_resolve(symbols, snapshot);

	roles_settle(snapshot);
	return recording_write(snapshot, path) ?: error;
}

int output_write_scope(const struct judgement *judgement, struct symbols *symbols,
		       struct snapshot *snapshot, const char *name, FILE *stream)
{
	struct scope_results *results;
	struct findings *findings;
	int error = symbols_resolve(symbols, snapshot);

	roles_settle(snapshot);
	if (judgement_scopes(judgement, snapshot, name, &findings, &results))
		return -ENOMEM;
	error = report_scope(results, name, snapshot, stream) ?: error;
	scope_results_free(results);
	findings_free(findings);
	return error;
}

int output_write_interim(const struct judgement *judgement, struct symbols *symbols,
			 struct snapshot *snapshot, FILE *stream)
{
	int status, error = symbols_resolve(symbols, snapshot);

	roles_settle(snapshot);
	return write_views(judgement, snapshot, stream, true, &status) ?: error;
}

static int write_differences(const struct judgement *judgement, const struct judged *judged,
			     const struct baseline *new_run, FILE *stream)
{
	const struct options *options = judgement->options;
	const struct report_style style = {
		.colour = output_has_colour(options, stream),
		.verbosity = options->verbosity,
	};
	struct differences differences;
	FILE *json;
	int error = differences_find(&differences, &judgement->baseline, new_run);

	if (error)
		return say(error, "the", "differences");
	if (options->json) {
		json = file_create(options->json);
		error = json ? file_finish(json, options->json,
					   report_diff_json(judged->shown, judged->verdict,
							    &differences, json))
			     : -errno;
		say(error, "JSON to", options->json);
	}
	/* After the file, as in write_views(). */
	error = say(report_diff(judged->shown, judged->verdict, &differences, &style, stream),
		    "the", "differences")
			?: error;
	differences_clear(&differences);
	return error;
}

int output_write_diff(const struct judgement *judgement, struct snapshot *snapshot, FILE *stream,
		      int *status)
{
	struct baseline new_run = { 0 };
	struct judged judged;
	int error;

	roles_settle(snapshot);
	error = say(judgement_make(judgement, snapshot, false, &judged), "the", "differences");
	if (error)
		return error;
	error = say(baseline_fill(&new_run, judged.all), "the", "differences");
	if (!error)
		error = write_differences(judgement, &judged, &new_run, stream);
	*status = judgement_status(judgement, judged.verdict);
	baseline_clear(&new_run);
	judged_clear(&judged);
	return error;
}
