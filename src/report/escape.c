/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns which characters a terminal may see. Knows nothing of reports.
 * UTF-8: RFC 3629.
 */
#include "report/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct range {
	uint32_t first;
	uint32_t last;
};

/* Controls (C0, C1) drive a terminal; the others can make a line read as another. */
static const struct range unsafe[] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0x61c, 0x61c },
	{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
};

/* By number of bytes: the lead byte's mask and value, and the smallest code point. */
static const struct {
	uint8_t mask;
	uint8_t lead;
	uint32_t smallest;
} utf8_forms[] = {
	{ 0, 0, 0 },	       { 0x80, 0x00, 0 },	{ 0xe0, 0xc0, 0x80 },
	{ 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
};

/* Returns the bytes of the character that `text` begins with, 0 when it is none. */
static size_t utf8_decode(const char *text, uint32_t *code)
{
	const uint8_t *bytes = (const uint8_t *)text;

	for (size_t size = 1; size <= 4; size++) {
		if ((bytes[0] & utf8_forms[size].mask) != utf8_forms[size].lead)
			continue;
		*code = bytes[0] & (uint8_t)~utf8_forms[size].mask;
		for (size_t i = 1; i < size; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			*code = *code << 6 | (bytes[i] & 0x3f);
		}
		if (*code < utf8_forms[size].smallest || *code > 0x10ffff ||
		    (*code >= 0xd800 && *code <= 0xdfff))
			return 0;
		return size;
	}
	return 0;
}

static bool is_unsafe(uint32_t code)
{
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (code >= unsafe[i].first && code <= unsafe[i].last)
			return true;
	return false;
}

size_t escape_write(FILE *stream, const char *text)
{
	size_t columns = 0, size;
	uint32_t code;

	for (text = text ? text : "?"; *text; text += size) {
		size = utf8_decode(text, &code);
		if (size && !is_unsafe(code)) {
			if (stream)
				fwrite(text, 1, size, stream);
			columns++;
			continue;
		}
		size = size ? size : 1;
		for (size_t i = 0; stream && i < size; i++)
			fprintf(stream, "\\x%02x", (uint8_t)text[i]);
		columns += 4 * size;
	}
	return columns;
}

char *escape_utf8(const char *text)
{
	char *escaped = malloc(4 * strlen(text) + 1), *end = escaped;
	uint32_t code;

	if (!escaped)
		return NULL;
	while (*text) {
		size_t size = utf8_decode(text, &code);

		if (size) {
			end = mempcpy(end, text, size);
			text += size;
		} else {
			end += sprintf(end, "\\x%02x", (uint8_t)*text++);
		}
	}
	*end = '\0';
	return escaped;
}

char *escape_printable(const char *text)
{
	char *escaped = NULL;
	size_t size;
	FILE *out = open_memstream(&escaped, &size);

	if (!out)
		return NULL;
	escape_write(out, text);
	if (!fclose(out))
		return escaped;
	free(escaped);
	return NULL;
}
