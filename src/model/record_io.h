/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields to and from bytes. One function serves both directions: it writes
 * `*value`, or sets it from what was read, so that the two cannot differ. After
 * the first error a reader changes nothing more and a writer writes nothing more;
 * `error` holds it.
 */
#ifndef LEAKTRACE_MODEL_RECORD_IO_H
#define LEAKTRACE_MODEL_RECORD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strings;
struct record_string;

#define RECORD_RECENT 512

struct record_io {
	bool writing;
	int error; /* 0 or -errno; -EBADMSG: what was read cannot be */
	uint8_t *data;
	size_t size;
	size_t position;    /* reading: of the next byte */
	uint64_t room;	    /* reading: bytes of memory that elements may still take */
	const char **texts; /* by index - 1 */
	size_t text_count;
	struct record_string *indexes; /* writing: of texts, by pointer */
	/* Writing: of those, some that were met last. */
	const struct record_string *recent[RECORD_RECENT];
};

/* Reads from `data`, which becomes its own. Takes zeroed memory. */
void record_io_read(struct record_io *io, uint8_t *data, size_t size);
void record_io_write(struct record_io *io);
/* Frees what it holds, not the struct. */
void record_io_clear(struct record_io *io);

/* Records the first error. */
void record_fail(struct record_io *io, int error);

/* LEB128, as in DWARF: small numbers take one byte. */
void record_u64(struct record_io *io, uint64_t *value);
void record_u32(struct record_io *io, uint32_t *value);
/* Signed ones in zigzag: small magnitudes take one byte. */
void record_s64(struct record_io *io, int64_t *value);
void record_int(struct record_io *io, int *value);
void record_bool(struct record_io *io, bool *value);
/* A number below `limit`. */
void record_choice(struct record_io *io, unsigned int *value, unsigned int limit);
/* The difference to `*previous`, which becomes `*value`. */
void record_delta(struct record_io *io, uint64_t *value, uint64_t *previous);
/* An index into the strings; NULL may be recorded. */
void record_string(struct record_io *io, const char **text);
/* One that may not be NULL. */
void record_name(struct record_io *io, const char **text);

/*
 * The number of elements that follow: `count` when writing, what was read else. A
 * number that the bytes left could not hold is an error.
 */
size_t record_count(struct record_io *io, size_t count);
/* Element `i` of an array: the one that is there, or a new one (util/array.h). NULL after an error.
 */
void *record_element(struct record_io *io, void *array, size_t *count, size_t i, size_t size);

/* The strings that `body` used, written to `io`; or read from `io`, interned. */
void record_strings_write(struct record_io *io, const struct record_io *body);
void record_strings_read(struct record_io *io, struct strings *strings);

#endif
