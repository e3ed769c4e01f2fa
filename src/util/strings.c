/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interned strings, one allocation each, freed together. */
#include "util/strings.h"

#include <stdlib.h>
#include <string.h>

#include "util/hash.h"

struct string_entry {
	UT_hash_handle hh;
	char text[];
};

struct strings {
	struct string_entry *entries;
};

struct strings *strings_new(void)
{
	return calloc(1, sizeof(struct strings));
}

void strings_free(struct strings *strings)
{
	struct string_entry *entry, *next;

	if (!strings)
		return;
	HASH_ITER(hh, strings->entries, entry, next)
	{
		HASH_DEL(strings->entries, entry);
		free(entry);
	}
	free(strings);
}

const char *strings_intern(struct strings *strings, const char *text)
{
	struct string_entry *entry;
	size_t length;

	if (!text)
		return NULL;
	length = strlen(text);
	HASH_FIND(hh, strings->entries, text, length, entry);
	if (entry)
		return entry->text;
	entry = malloc(sizeof(*entry) + length + 1);
	if (!entry)
		return NULL;
	memcpy(entry->text, text, length + 1);
	HASH_ADD_KEYPTR(hh, strings->entries, entry->text, length, entry);
	if (!hash_has(entry)) {
		free(entry);
		return NULL;
	}
	return entry->text;
}

bool text_is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return !*text;
}
