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
#include "analyze/verdict.h"
#include "model/recording.h"
#include "options.h"
#include "report/report.h"
#include "session.h"
#include "symbols/symbols.h"
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
		if (!copy)
			return -ENOMEM;
		folder = dirname(copy);
		error = access(folder, W_OK | X_OK) ? -errno : 0;
		free(copy);
	} else {
		error = -errno;
	}
	if (error)
		log_error("cannot write %s: %s", path, strerror(-error));
	return error;
}

int output_check(const struct options *options)
{
	return check_path(options->json) ?: check_path(options->output);
}

bool output_has_colour(const struct options *options, FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");

	if (options->colour != COLOUR_AUTO)
		return options->colour == COLOUR_ALWAYS;
	return isatty(fileno(stream)) && !(no_colour && *no_colour);
}

static int write_json(const char *path, const struct findings *findings,
		      const struct verdict *verdict, const struct report_style *style)
{
	FILE *stream = fopen(path, "we");
	int error;

	if (!stream)
		return -errno;
	error = report_json(findings, verdict, style, stream);
	if (fclose(stream) && !error)
		error = -errno;
	return error;
}

static int say(int error, const char *what, const char *path)
{
	if (error)
		log_error("cannot write %s %s: %s", what, path, strerror(-error));
	return error;
}

static int write_views(const struct options *options, const struct snapshot *snapshot, FILE *stream,
		       bool files, int *status)
{
	struct findings *findings = findings_new(snapshot, &options->filter);
	struct verdict *verdict = verdict_new(snapshot);
	struct report_style style = {
		.colour = output_has_colour(options, stream),
		.verbosity = options->verbosity,
		.max_resources = JSON_RESOURCES,
	};
	int error = findings && verdict ? 0 : say(-ENOMEM, "the", "report");

	if (!error) {
		error = say(report_text(findings, verdict, &style, stream), "the", "report");
		if (files && options->json)
			error = say(write_json(options->json, findings, verdict, &style), "JSON to",
				    options->json)
					?: error;
		*status = verdict->word == VERDICT_UNMEASURED ? SESSION_UNMEASURED : SESSION_OK;
	}
	verdict_free(verdict);
	findings_free(findings);
	return error;
}

int output_write(const struct options *options, struct symbols *symbols, struct snapshot *snapshot,
		 FILE *stream, int *status)
{
	int error = symbols ? symbols_resolve(symbols, snapshot) : 0;

	say(error, "names to", "the report");
	roles_settle(snapshot);
	if (options->output && options->mode != MODE_REPORT)
		error = say(recording_write(snapshot, options->output), "the recording",
			    options->output)
				?: error;
	return write_views(options, snapshot, stream, true, status) ?: error;
}

int output_record(struct symbols *symbols, struct snapshot *snapshot, const char *path)
{
	int error = symbols_resolve(symbols, snapshot);

	roles_settle(snapshot);
	return recording_write(snapshot, path) ?: error;
}

int output_write_interim(const struct options *options, struct symbols *symbols,
			 struct snapshot *snapshot, FILE *stream)
{
	int status, error = symbols_resolve(symbols, snapshot);

	roles_settle(snapshot);
	return write_views(options, snapshot, stream, false, &status) ?: error;
}
