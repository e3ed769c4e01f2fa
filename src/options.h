/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what was asked for. Const once parsed, and handed in where needed. */
#ifndef LEAKTRACE_OPTIONS_H
#define LEAKTRACE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analyze/findings.h"
#include "analyze/gate.h"
#include "analyze/growth_limits.h"
#include "memory/reader.h"
#include "model/kind.h"
#include "trace/attach_mode.h"

enum options_mode {
	MODE_COMMAND, /* run `command` and trace it */
	MODE_ATTACH,  /* trace `pids` */
	MODE_REPORT,  /* show `recording` */
	MODE_COMPARE, /* run `command` and `other_command`, hold what they need against each other
		       */
	MODE_DIFF,    /* hold `recording` against `old_recording` */
};

enum options_unwind {
	UNWIND_TABLES,	       /* by the files' call frame information */
	UNWIND_FRAME_POINTERS, /* quicker to set up; cuts most distributions' stacks short */
};

enum options_events {
	EVENTS_EXACT, /* every acquisition and release */
	EVENTS_PAGES, /* memory by the pages that are touched, at next to no cost */
};

enum options_colour {
	COLOUR_AUTO, /* on a terminal, unless NO_COLOR is set */
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

/* The values of a repeatable option; `texts` is NULL when it was not given. */
struct option_texts {
	const char **texts;
	size_t count;
};

/* Strings are those of argv: it must outlive the options. */
struct options {
	enum options_mode mode;
	char **command; /* NULL-terminated: the rest of argv */
	size_t command_count;
	char **other_command;
	size_t other_command_count;
	uint64_t runs; /* of each command */
	uint64_t allowed_bytes;
	pid_t *pids;
	size_t pid_count;
	const char *recording;
	const char *old_recording;

	const char *user;     /* run the command as this user, NULL: as the caller */
	bool no_follow;	      /* leave children alone */
	uint64_t duration_ns; /* 0: until the end */
	uint64_t interval_ns; /* 0: one report at the end; live and growth have their own default */
	bool live;	      /* watch it on a screen */
	bool growth;	      /* print a line of figures every so often */
	uint64_t warm_up_ns;  /* of growth: what was before does not count */
	struct growth_limits growth_limits;
	const char *output_of_command; /* while a screen is shown: a path or "pane" */
	enum options_events events;
	enum attach_mode attach;
	struct option_texts alloc_prefixes;
	struct option_texts objects;   /* paths of further files to probe */
	bool kinds[KIND_CHOICES];      /* to trace; none given: all */
	struct option_texts resources; /* files that define further kinds */
	bool no_pause;		       /* never stop a process while attaching */
	bool no_namespace;	       /* no private copies of libraries for the command */
	uint64_t max_live;	       /* resources tracked at a time */
	uint64_t max_sites;	       /* call sites */
	uint64_t max_stack;	       /* frames kept, at most 127 */
	uint64_t max_stacks;	       /* distinct stacks kept */
	enum options_unwind unwind;
	bool place_at_entry; /* probes at function entries, not at the cheapest place */
	bool empty_probes;   /* programs that do nothing */

	uint64_t sample_bytes; /* heap blocks are sampled, one point per so many bytes; 0: all */

	bool no_scan;		/* never look into memory */
	uint64_t scan_every_ns; /* 0: at the end alone */
	uint64_t max_pause_ns;	/* a process stands still no longer than that for a look */
	unsigned heuristics;	/* HEURISTIC_... of reach/graph.h */
	enum reader_way scan_way;

	bool check;		   /* fail on leaks of any kind */
	struct gate gate;	   /* rules and tolerances */
	uint64_t error_exitcode;   /* of a run that fails; 0: not given */
	struct option_texts calls; /* functions whose calls are counted on to give all back */
	uint64_t warm_up_calls;
	uint64_t retries;		  /* rounds of calls */
	const char *baseline;		  /* a recording; what it has is no leak */
	bool update_baseline;		  /* write it anew */
	struct option_texts suppressions; /* paths of files */
	bool no_default_suppressions;
	const char *gen_suppressions; /* path, NULL: none */
	struct finding_filter filter;
	const char *junit; /* paths, NULL: none */
	const char *valgrind_xml;
	const char *sarif;
	const char *markdown;
	const char *json;   /* path, NULL: none */
	const char *output; /* path of the recording, NULL: none */
	bool no_demangle;
	enum options_colour colour;
	int verbosity;
};

enum options_outcome {
	OPTIONS_RUN,
	OPTIONS_DONE,	   /* help or version was printed: exit with 0 */
	OPTIONS_WRONG = 2, /* wrong usage, a message was printed: exit with this value */
};

/*
 * Parses the command line and sets the log level. Returns an options_outcome or
 * -ENOMEM; `options` is to be released by options_free in every case.
 */
int options_parse(int argc, char **argv, struct options *options);
/* Releases what the struct holds, not the struct. */
void options_free(struct options *options);

#endif
