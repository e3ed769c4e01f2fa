/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run of tracing is made of; private to session*.c. */
#ifndef LEAKTRACE_SESSION_STATE_H
#define LEAKTRACE_SESSION_STATE_H

#include <pthread.h>

#include "control.h"
#include "judgement.h"
#include "kinds.h"
#include "live_run.h"
#include "scan_run.h"
#include "target.h"
#include "trace/modules.h"
#include "trace/watchdog.h"

struct session {
	const struct options *options;
	enum attach_mode mode;
	uint64_t start_ns;
	struct modules_options modules_options;
	struct kinds kinds;
	struct target target;
	struct snapshot *snapshot;
	struct symbols *symbols;
	struct tracer *tracer;
	struct unwinder *unwinder; /* NULL with --unwind fp */
	struct watchdog watchdog;
	struct modules *modules;
	struct processes *processes;
	struct follower *follower;
	bool scans;
	struct scan_run scan;
	struct live_run live;
	struct judgement judgement;
	struct control control;
	pthread_t detacher; /* frees the follower, while `detaching` */
	bool detaching;
};

/* The parts that need no kernel. Returns 0 or -ENOMEM, which was said. */
int session_make_parts(struct session *session);
/* Loads the programs for them. Returns 0 or -errno, which was said. */
int session_load(struct session *session);

#endif
