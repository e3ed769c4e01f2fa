/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options and a snapshot to findings and a verdict. */
#ifndef LEAKTRACE_JUDGEMENT_H
#define LEAKTRACE_JUDGEMENT_H

#include <stdbool.h>

#include "analyze/baseline.h"
#include "analyze/gate.h"
#include "suppress/suppress.h"

struct findings;
struct options;
struct scope_results;
struct snapshot;
struct verdict;

/* What a run is judged by. */
struct judgement {
	const struct options *options;
	struct gate gate;
	char **growths; /* what has grown too much over time, in words */
	size_t growth_count;
	bool lacks_memory; /* so that no verdict can be made */
	struct suppressions suppressions;
	struct snapshot *old_run; /* NULL: nothing to hold it against */
	struct findings *old_findings;
	struct baseline baseline; /* of these */
};

/*
 * Reads what the options name and checks it against the kinds that the snapshot has. Returns 0
 * or an exit status, what is wrong has been said.
 */
int judgement_begin(struct judgement *judgement, const struct options *options,
		    const struct snapshot *snapshot);

/* What was watched for long enough; `text`: it has grown too much, in words; NULL: it has not. */
void judgement_add_growth(struct judgement *judgement, const char *text);
/* What the verdict hangs on could not be kept: there is none. */
void judgement_lack_memory(struct judgement *judgement);
/* Adds what a traced file brings for itself. */
void judgement_add_suppressions(struct judgement *judgement, const char *text, const char *path);

/* Returns 0 or an exit status, what is wrong has been said. */
int judgement_read_recording(const char *path, struct snapshot **snapshot);

struct judged {
	struct findings *all; /* without a limit by number */
	struct findings *shown;
	struct verdict *verdict;
};

/* `interim`: no verdict by the gate yet. Returns 0 or -ENOMEM. */
int judgement_make(const struct judgement *judgement, const struct snapshot *snapshot, bool interim,
		   struct judged *judged);
/* What the scopes of that name have left behind so far, in a run that goes on. Returns 0 or
 * -ENOMEM. */
int judgement_scopes(const struct judgement *judgement, const struct snapshot *snapshot,
		     const char *name, struct findings **findings, struct scope_results **results);
void judged_clear(struct judged *judged);
/* The exit status of leaktrace by the verdict; 0: the command's own. */
int judgement_status(const struct judgement *judgement, const struct verdict *verdict);

/* Releases what the struct holds. */
void judgement_clear(struct judgement *judgement);

#endif
