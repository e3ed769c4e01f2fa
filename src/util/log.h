/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one place that writes to standard error, apart from reports sent there. */
#ifndef LEAKTRACE_UTIL_LOG_H
#define LEAKTRACE_UTIL_LOG_H

#include <stdarg.h>

/* 0: errors and notices, 1: -v, 2: -vv. Set once, by option parsing. */
void log_set_level(int level);
int log_level(void);

/* "leaktrace: MESSAGE": what failed, why, what to try. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Something the user should know although the run goes on. */
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Shown with -v. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Shown with -vv. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A message as it comes, for a library's own texts (no prefix, no newline added). */
void log_raw(int level, const char *format, va_list arguments);

#endif
