/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of leaktrace: tracing a command or processes, then reporting; or reporting a recording. */
#ifndef LEAKTRACE_SESSION_H
#define LEAKTRACE_SESSION_H

struct options;

/* Each returns the exit status (util/status.h); what went wrong has been said. */
int session_trace(const struct options *options);
int session_report(const struct options *options);
int session_compare(const struct options *options);

#endif
