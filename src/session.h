/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of leaktrace: tracing a command or processes, then reporting; or reporting a recording. */
#ifndef LEAKTRACE_SESSION_H
#define LEAKTRACE_SESSION_H

struct options;

/* Exit statuses of leaktrace's own. */
enum session_status {
	SESSION_OK = 0,
	SESSION_WRONG_USAGE = 2,
	SESSION_LEAK = 23, /* unless --error-exitcode says another */
	SESSION_UNMEASURED = 125,
	SESSION_CANNOT_RUN = 126,
	SESSION_NOT_FOUND = 127,
};

/* Each returns the exit status; what went wrong has been said. */
int session_trace(const struct options *options);
int session_report(const struct options *options);
int session_compare(const struct options *options);

#endif
