/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns files and compression. Must not know what the bytes mean. */
#include "model/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "model/record_io.h"
#include "util/file.h"

/* Fifty million live blocks and more; bounds what a tiny file can blow up to. */
#define CONTENT_BYTES_MAX (1ULL << 29)
#define CHUNK_BYTES (1U << 20)

/* What zlib's state says, `otherwise` when it says nothing. */
static int gz_errno(gzFile file, int otherwise)
{
	int saved = errno, code;

	gzerror(file, &code);
	switch (code) {
	case Z_OK:
		return otherwise;
	case Z_ERRNO:
		return saved ? -saved : -EIO;
	case Z_MEM_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}

static int write_bytes(gzFile file, const uint8_t *data, size_t size)
{
	while (size) {
		unsigned int part = size < CHUNK_BYTES ? (unsigned int)size : CHUNK_BYTES;

		errno = 0;
		if (gzwrite(file, data, part) != (int)part)
			return gz_errno(file, -EIO);
		data += part;
		size -= part;
	}
	return 0;
}

/* Takes `fd`. */
static int write_all(int fd, const struct record_io *head, const struct record_io *body)
{
	gzFile file = gzdopen(fd, "wb");
	int err;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	err = write_bytes(file, head->data, head->size);
	if (!err)
		err = write_bytes(file, body->data, body->size);
	errno = 0;
	if (gzclose_w(file) != Z_OK && !err)
		err = errno ? -errno : -EIO;
	return err;
}

static int write_in_place(const char *path, int flags, const struct record_io *head,
			  const struct record_io *body)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | flags);

	return fd < 0 ? -errno : write_all(fd, head, body);
}

static int write_beside(const char *path, const struct record_io *head,
			const struct record_io *body)
{
	char *temporary;
	int fd, err;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temporary, O_CLOEXEC);
	err = fd < 0 ? -errno : write_all(fd, head, body);
	if (!err && rename(temporary, path) != 0)
		err = -errno;
	if (err && fd >= 0)
		unlink(temporary);
	free(temporary);
	return err;
}

static int write_anywhere(const char *path, int flags, const struct record_io *head,
			  const struct record_io *body)
{
	struct stat status;
	bool exists = lstat(path, &status) == 0;

	if (exists && !S_ISREG(status.st_mode))
		return write_in_place(path, flags, head, body);
	return write_beside(path, head, body);
}

int record_file_write(const char *path, const struct record_io *head, const struct record_io *body)
{
	int err = -EACCES, flags = 0;

	if (head->size + body->size > CONTENT_BYTES_MAX)
		return -EFBIG;
	if (file_user_begin()) {
		err = write_anywhere(path, 0, head, body);
		file_user_end();
		flags = O_NOFOLLOW;
	}
	/* Where the user may not write, root may. */
	return err == -EACCES || err == -EPERM ? write_anywhere(path, flags, head, body) : err;
}

static int read_all(gzFile file, uint8_t **content, size_t *size)
{
	size_t capacity = 0;

	for (;;) {
		uint8_t *grown;
		int got;

		if (capacity - *size < CHUNK_BYTES) {
			capacity = capacity ? 2 * capacity : CHUNK_BYTES;
			grown = realloc(*content, capacity);
			if (!grown)
				return -ENOMEM;
			*content = grown;
		}
		errno = 0;
		got = gzread(file, *content + *size, CHUNK_BYTES);
		/* zlib hands out what is not gzip as it is: then no CRC guards it. */
		if (got < 0 || gzdirect(file))
			return gz_errno(file, -EBADMSG);
		/* The end, perhaps too early: zlib then has an error pending. */
		if (!got)
			return gz_errno(file, 0);
		*size += (size_t)got;
		if (*size > CONTENT_BYTES_MAX)
			return -EBADMSG;
	}
}

int record_file_read(const char *path, uint8_t **content, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), err;
	gzFile file;

	if (fd < 0)
		return -errno;
	file = gzdopen(fd, "rb");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	*content = NULL;
	*size = 0;
	err = read_all(file, content, size);
	gzclose_r(file);
	if (err)
		free(*content);
	return err;
}
