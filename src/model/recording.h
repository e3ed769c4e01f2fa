/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot in a file, so that it can be looked at later, without root and on a
 * machine that has none of the binaries: names already found go with it.
 * Format: gzip (its CRC guards the content) around a magic, a version, the
 * strings and the snapshot's parts as varints; see recording.c.
 */
#ifndef LEAKTRACE_MODEL_RECORDING_H
#define LEAKTRACE_MODEL_RECORDING_H

#include <stddef.h>
#include <stdint.h>

struct snapshot;

/* Writes a new file (replaced only when whole). Returns 0 or -errno. */
int recording_write(const struct snapshot *snapshot, const char *path);

/*
 * Reads a recording into a new snapshot. Every count and length is checked: the
 * file may be hostile. Returns 0, -errno, or -EBADMSG when the file is no
 * recording or damaged, -EPROTONOSUPPORT when it has another version.
 */
int recording_read(const char *path, struct snapshot **snapshot);
/* The same of what is in such a file, unpacked. `content` (of malloc) is taken over. */
int recording_parse(uint8_t *content, size_t size, struct snapshot **snapshot);

#endif
