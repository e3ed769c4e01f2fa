/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns how numbers and strings are laid out in a recording. Must not know what
 * they mean. Reading trusts nothing: no number makes it leave its bytes, and
 * memory grows only with what was really read.
 */
#include "model/record_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/hash.h"
#include "util/strings.h"

/* What a hundred million live blocks take: a byte that is read may stand for fifty. */
#define MEMORY_BYTES_MAX (1ULL << 32)

struct record_string {
	const char *text;
	uint64_t index;
	UT_hash_handle hh;
};

void record_io_read(struct record_io *io, uint8_t *data, size_t size)
{
	*io = (struct record_io){ .data = data, .size = size, .room = MEMORY_BYTES_MAX };
}

void record_io_write(struct record_io *io)
{
	*io = (struct record_io){ .writing = true };
}

void record_io_clear(struct record_io *io)
{
	struct record_string *entry, *next;

	HASH_ITER(hh, io->indexes, entry, next)
	{
		HASH_DEL(io->indexes, entry);
		free(entry);
	}
	free(io->texts);
	free(io->data);
}

void record_fail(struct record_io *io, int error)
{
	if (!io->error)
		io->error = error;
}

static void put_byte(struct record_io *io, uint8_t byte)
{
	uint8_t *place = io->error ? NULL : array_add(&io->data, &io->size, 1);

	if (place)
		*place = byte;
	else
		record_fail(io, -ENOMEM);
}

static uint8_t get_byte(struct record_io *io)
{
	if (!io->error && io->position < io->size)
		return io->data[io->position++];
	record_fail(io, -EBADMSG);
	return 0;
}

static void put_varint(struct record_io *io, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		put_byte(io, (uint8_t)(value | 0x80));
	put_byte(io, (uint8_t)value);
}

static uint64_t get_varint(struct record_io *io)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = get_byte(io);

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	record_fail(io, -EBADMSG);
	return 0;
}

/* A number of at most `limit`. Returns false, without a number, when reading failed. */
static bool exchange(struct record_io *io, uint64_t *value, uint64_t limit)
{
	uint64_t got;

	if (io->writing) {
		put_varint(io, *value);
		return true;
	}
	got = get_varint(io);
	if (got > limit)
		record_fail(io, -EBADMSG);
	if (io->error)
		return false;
	*value = got;
	return true;
}

void record_u64(struct record_io *io, uint64_t *value)
{
	exchange(io, value, UINT64_MAX);
}

void record_u32(struct record_io *io, uint32_t *value)
{
	uint64_t wide = *value;

	if (exchange(io, &wide, UINT32_MAX) && !io->writing)
		*value = (uint32_t)wide;
}

static uint64_t zigzag(uint64_t value)
{
	return value << 1 ^ (value >> 63 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t value)
{
	return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

void record_s64(struct record_io *io, int64_t *value)
{
	uint64_t wide = zigzag((uint64_t)*value);

	if (exchange(io, &wide, UINT64_MAX) && !io->writing)
		*value = (int64_t)unzigzag(wide);
}

void record_int(struct record_io *io, int *value)
{
	uint64_t wide = zigzag((uint64_t)(int64_t)*value);

	if (exchange(io, &wide, UINT32_MAX) && !io->writing)
		*value = (int)(int64_t)unzigzag(wide);
}

void record_bool(struct record_io *io, bool *value)
{
	uint64_t wide = *value;

	if (exchange(io, &wide, 1) && !io->writing)
		*value = wide;
}

void record_choice(struct record_io *io, unsigned int *value, unsigned int limit)
{
	uint64_t wide = *value;

	if (exchange(io, &wide, limit - 1) && !io->writing)
		*value = (unsigned int)wide;
}

void record_delta(struct record_io *io, uint64_t *value, uint64_t *previous)
{
	uint64_t wide = zigzag(*value - *previous);

	if (exchange(io, &wide, UINT64_MAX) && !io->writing)
		*value = *previous + unzigzag(wide);
	*previous = *value;
}

/* NULL after an error. */
static const struct record_string *find_text(struct record_io *io, const char *text)
{
	struct record_string *entry;
	const char **place;

	HASH_FIND_PTR(io->indexes, &text, entry);
	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	place = entry ? array_add(&io->texts, &io->text_count, sizeof(*place)) : NULL;
	if (!place) {
		free(entry);
		record_fail(io, -ENOMEM);
		return NULL;
	}
	*place = text;
	entry->text = text;
	entry->index = io->text_count;
	HASH_ADD_PTR(io->indexes, text, entry);
	if (!hash_has(entry)) {
		free(entry);
		record_fail(io, -ENOMEM);
		return NULL;
	}
	return entry;
}

/* The index of a text, from 1 on; a new one for a new text. 0 for NULL and after an error. */
static uint64_t text_index(struct record_io *io, const char *text)
{
	/* Allocations are 16 bytes apart. */
	const struct record_string **recent = &io->recent[(uintptr_t)text / 16 % RECORD_RECENT];

	if (!text || io->error)
		return 0;
	if (!*recent || (*recent)->text != text)
		*recent = find_text(io, text);
	return *recent ? (*recent)->index : 0;
}

void record_string(struct record_io *io, const char **text)
{
	uint64_t index = io->writing ? text_index(io, *text) : 0;

	if (exchange(io, &index, io->text_count) && !io->writing)
		*text = index ? io->texts[index - 1] : NULL;
}

void record_name(struct record_io *io, const char **text)
{
	const char *name = io->writing && !*text ? "" : *text;

	record_string(io, &name);
	if (io->writing)
		return;
	if (!name)
		record_fail(io, -EBADMSG);
	if (!io->error)
		*text = name;
}

size_t record_count(struct record_io *io, size_t count)
{
	uint64_t wide = count;

	if (!exchange(io, &wide, UINT64_MAX))
		return 0;
	/* Every element takes a byte at least. */
	if (!io->writing && wide > io->size - io->position) {
		record_fail(io, -EBADMSG);
		return 0;
	}
	return wide;
}

void *record_element(struct record_io *io, void *array, size_t *count, size_t i, size_t size)
{
	void *element;

	if (io->error)
		return NULL;
	if (io->writing)
		return *(char **)array + i * size;
	if (size > io->room) {
		record_fail(io, -EBADMSG);
		return NULL;
	}
	io->room -= size;
	element = array_add(array, count, size);
	if (!element)
		record_fail(io, -ENOMEM);
	return element;
}

void record_strings_write(struct record_io *io, const struct record_io *body)
{
	put_varint(io, body->text_count);
	for (size_t i = 0; i < body->text_count; i++) {
		const char *text = body->texts[i];
		size_t length = strlen(text);

		put_varint(io, length);
		for (size_t j = 0; j < length; j++)
			put_byte(io, (uint8_t)text[j]);
	}
}

static const char *read_text(struct record_io *io, struct strings *strings)
{
	size_t length = record_count(io, 0);
	const char *text;
	char *copy;

	if (io->error || memchr(io->data + io->position, '\0', length)) {
		record_fail(io, -EBADMSG);
		return NULL;
	}
	copy = strndup((const char *)io->data + io->position, length);
	text = copy ? strings_intern(strings, copy) : NULL;
	free(copy);
	if (!text)
		record_fail(io, -ENOMEM);
	io->position += length;
	return text;
}

void record_strings_read(struct record_io *io, struct strings *strings)
{
	size_t count = record_count(io, 0), added = 0;

	for (size_t i = 0; i < count && !io->error; i++) {
		const char **place = record_element(io, &io->texts, &added, i, sizeof(*place));

		if (place)
			*place = read_text(io, strings);
	}
	io->text_count = added;
}
