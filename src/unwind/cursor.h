/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads numbers from bytes that may be hostile. A cursor that was to read behind
 * its end is bad from then on and gives 0: callers check once, when they are done.
 */
#ifndef LEAKTRACE_UNWIND_CURSOR_H
#define LEAKTRACE_UNWIND_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

/* A little-endian number of 1 to 8 bytes. */
static inline uint64_t cursor_unsigned(struct cursor *cursor, size_t size)
{
	uint64_t value = 0;

	if ((size_t)(cursor->end - cursor->at) < size) {
		cursor->at = cursor->end;
		cursor->bad = true;
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)*cursor->at++ << 8 * i;
	return value;
}

static inline int64_t cursor_signed(struct cursor *cursor, size_t size)
{
	unsigned int unused_bits = 64 - 8 * size;

	return (int64_t)(cursor_unsigned(cursor, size) << unused_bits) >> unused_bits;
}

/* ULEB128 (DWARF 5, 7.6), sign-extended when it is SLEB128; bad when longer than 64 bits can be. */
static inline uint64_t cursor_leb128(struct cursor *cursor, bool is_signed)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint8_t byte = cursor_unsigned(cursor, 1);

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (is_signed && (byte & 0x40) && shift < 57)
			value |= UINT64_MAX << (shift + 7);
		return value;
	}
	cursor->bad = true;
	return 0;
}

static inline uint64_t cursor_uleb128(struct cursor *cursor)
{
	return cursor_leb128(cursor, false);
}

static inline int64_t cursor_sleb128(struct cursor *cursor)
{
	return (int64_t)cursor_leb128(cursor, true);
}

/* The next `size` bytes as a cursor of their own; an empty one when there are not that many. */
static inline struct cursor cursor_take(struct cursor *cursor, uint64_t size)
{
	struct cursor taken = { .at = cursor->at, .end = cursor->at };

	if (size > (uint64_t)(cursor->end - cursor->at)) {
		cursor->bad = true;
		return taken;
	}
	cursor->at += size;
	taken.end = cursor->at;
	return taken;
}

#endif
