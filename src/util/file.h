/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of others, opened so that their names and contents can do no harm. */
#ifndef LEAKTRACE_UTIL_FILE_H
#define LEAKTRACE_UTIL_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

/*
 * Opens a regular file for reading. What is no regular file is not opened at all: to open a FIFO
 * or a device can do things. A path that begins with /proc/PID/root is resolved inside that root,
 * so that no symbolic link there leads out of it (openat2(2), RESOLVE_IN_ROOT; Linux 5.6).
 * Returns the descriptor, `*status` filled in; -ENOEXEC for what is no regular file, -errno.
 */
int file_open(const char *path, struct stat *status);

/* The same, of a path whose last part is no symbolic link: where anybody may put one. */
int file_open_itself(const char *path, struct stat *status);

/* Whether nobody can change the file but root, ourselves, and who called us by sudo(8). */
bool file_is_ours(const struct stat *status);

/* Whether a file pretends to be far larger than what is in it. */
bool file_is_hollow(const struct stat *status);

/*
 * Opens a file for results, made anew, with the rights of who called us by sudo(8), so that it is
 * his, and no link makes us write where he could not. Where he may not write, root may, but through
 * no symbolic link. Returns NULL with errno.
 */
FILE *file_create(const char *path);

/*
 * Closes what file_create() opened. After an error, of the writer's or of closing, the file is
 * removed: half a result is none. Returns the error.
 */
int file_finish(FILE *stream, const char *path, int error);

/* Between the two files are made and opened with the rights of who called us by sudo(8). Returns
 * false, and nothing is to be ended, when that is nobody else. */
bool file_user_begin(void);
void file_user_end(void);

#endif
