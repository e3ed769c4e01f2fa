/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be traced: the kinds of resources, built in and a user's own. */
#ifndef LEAKTRACE_KINDS_H
#define LEAKTRACE_KINDS_H

#include "trace/functions.h"
#include "trace/resource_file.h"

struct options;
struct snapshot;

struct kinds {
	struct resource_kinds resources; /* of --resource */
	struct function_list functions;	 /* to be probed beside allocators */
};

/* Reads the files of --resource; says what is wrong with one. Returns 0 or -EINVAL. */
int kinds_read(struct kinds *kinds, const struct options *options);
/* Sets the snapshot's kinds and which are traced, and a user's functions. Returns 0 or -ENOMEM. */
int kinds_choose(struct kinds *kinds, const struct options *options, struct snapshot *snapshot);
/* Says which of a user's kinds no traced file has a function of. */
void kinds_tell_missing(const struct kinds *kinds);
/* The same for the functions of --call. */
void kinds_tell_missing_calls(const struct kinds *kinds, const struct options *options);
void kinds_clear(struct kinds *kinds);

#endif
