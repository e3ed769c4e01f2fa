/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to standard error. The log level is the only state. */
#include "util/log.h"

#include <stdio.h>

static int level;

void log_set_level(int new_level)
{
	level = new_level;
}

int log_level(void)
{
	return level;
}

static void print(int at_level, const char *format, va_list arguments)
{
	if (at_level > level)
		return;
	fputs("leaktrace: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

#define LOG_FUNCTION(name, at_level)                                                               \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		va_list arguments;                                                                 \
                                                                                                   \
		va_start(arguments, format);                                                       \
		print(at_level, format, arguments);                                                \
		va_end(arguments);                                                                 \
	}

LOG_FUNCTION(log_error, 0)
LOG_FUNCTION(log_notice, 0)
LOG_FUNCTION(log_info, 1)
LOG_FUNCTION(log_debug, 2)

void log_raw(int at_level, const char *format, va_list arguments)
{
	if (at_level <= level)
		vfprintf(stderr, format, arguments);
}
