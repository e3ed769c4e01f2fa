/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes into and out of a compressed file. */
#ifndef LEAKTRACE_MODEL_RECORD_FILE_H
#define LEAKTRACE_MODEL_RECORD_FILE_H

#include <stddef.h>
#include <stdint.h>

struct record_io;

/*
 * Writes what `head` and `body` hold, one after the other, gzipped. A regular file
 * is replaced only when the new one is whole; anything else (a pipe, a link such
 * as /dev/stdout) is written to as it is. Returns 0 or -errno.
 */
int record_file_write(const char *path, const struct record_io *head, const struct record_io *body);

/*
 * Reads a whole file, to be freed. Returns 0, -errno, or -EBADMSG when it is not
 * gzipped, damaged or larger than a recording can be.
 */
int record_file_read(const char *path, uint8_t **content, size_t *size);

#endif
