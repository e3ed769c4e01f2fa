/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how a resource file gets into memory. Must not know its grammar. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/resource_file.h"

#define FILE_BYTES_MAX (64 << 10)

/* Of the file as a whole. */
__attribute__((format(printf, 2, 3))) static int fail(struct resource_error *error,
						      const char *format, ...)
{
	va_list arguments;

	*error = (struct resource_error){ .column = 1 };
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int read_text(FILE *stream, char *text, size_t *length, struct resource_error *error)
{
	*length = fread(text, 1, FILE_BYTES_MAX + 1, stream);
	if (ferror(stream))
		return fail(error, "%s", strerror(errno));
	if (*length > FILE_BYTES_MAX)
		return fail(error, "larger than %d bytes", FILE_BYTES_MAX);
	text[*length] = '\0';
	return 0;
}

int resource_file_read(const char *path, struct resource_kinds *kinds, struct resource_error *error)
{
	FILE *stream = fopen(path, "re");
	char *text = stream ? malloc(FILE_BYTES_MAX + 2) : NULL;
	size_t length = 0;
	int result;

	if (!text)
		result = fail(error, "%s", strerror(errno));
	else
		result = read_text(stream, text, &length, error);
	if (!result)
		result = resource_text_read(text, length, kinds, error);
	free(text);
	if (stream)
		fclose(stream);
	return result;
}
