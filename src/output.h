/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go: text, JSON, recording, as the options ask. */
#ifndef LEAKTRACE_OUTPUT_H
#define LEAKTRACE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct judgement;
struct options;
struct snapshot;
struct symbols;

/*
 * Says, before anything is traced, that a file asked for can't be written.
 * Returns 0 or -errno.
 */
int output_check(const struct options *options);

/*
 * Names the snapshot's frames and writes every result that was asked for, the
 * text to `stream`. `*status` is leaktrace's own exit status by the verdict, 0: none.
 * Returns 0 or -errno of the first failure, which was said.
 */
int output_write(const struct judgement *judgement, struct symbols *symbols,
		 struct snapshot *snapshot, FILE *stream, int *status);

/* What a recording has that the old run has not, and the other way round. */
int output_write_diff(const struct judgement *judgement, struct snapshot *snapshot, FILE *stream,
		      int *status);

/* The answer to a question of the command's; see control.h. */
int output_write_scope(const struct judgement *judgement, struct symbols *symbols,
		       struct snapshot *snapshot, const char *name, FILE *stream);

/* For --interval: text alone. */
int output_write_interim(const struct judgement *judgement, struct symbols *symbols,
			 struct snapshot *snapshot, FILE *stream);

/* Names the snapshot's frames and writes a recording. Returns 0 or -errno; says nothing. */
int output_record(struct symbols *symbols, struct snapshot *snapshot, const char *path);

/* By the options, the environment, and whether the stream is a terminal. */
bool output_has_colour(const struct options *options, FILE *stream);

#endif
