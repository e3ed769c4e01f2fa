/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to standard error. The log level is the only state. */
#include "util/log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Of a message for which there is no memory. */
#define SHORT_BYTES 1024

static int level;

void log_set_level(int new_level)
{
	level = new_level;
}

int log_level(void)
{
	return level;
}

/* The bytes of a control character of ASCII, or behind it in UTF-8. Line ends are a message's own.
 */
static int control_bytes(const uint8_t *at)
{
	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
		return 2;
	return (at[0] < ' ' && at[0] != '\n') || at[0] == 0x7f;
}

/* Names of files and processes are in messages: none may drive the terminal. */
static void print(int at_level, const char *format, va_list arguments)
{
	char *text, shortened[SHORT_BYTES];
	va_list again;

	if (at_level > level)
		return;
	va_copy(again, arguments);
	/* Out of memory is what messages are about at times. */
	if (vasprintf(&text, format, arguments) < 0) {
		vsnprintf(shortened, sizeof(shortened), format, again);
		text = shortened;
	}
	va_end(again);
	fputs("leaktrace: ", stderr);
	for (const char *at = text; *at;) {
		int bytes = control_bytes((const uint8_t *)at);

		if (!bytes)
			fputc(*at++, stderr);
		for (; bytes; bytes--)
			fprintf(stderr, "\\x%02x", (uint8_t)*at++);
	}
	fputc('\n', stderr);
	if (text != shortened)
		free(text);
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
