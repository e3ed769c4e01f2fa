/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOLLOW_MIN (1LL << 30)
/* Some file systems compress what they keep. */
#define HOLLOW_PART 16
#define BLOCK_BYTES 512

/* Length of "/proc/PID/root" at the path's beginning, with a slash behind it; or 0. */
static int root_length(const char *path)
{
	int length = 0, pid;

	if (sscanf(path, "/proc/%d/root%n", &pid, &length) != 1 || !length || path[length] != '/')
		return 0;
	return length;
}

static int open_in_root(const char *path, int length, int flags)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	char root[64];
	int root_fd, fd;

	if (snprintf(root, sizeof(root), "%.*s", length, path) >= (int)sizeof(root))
		return -ENAMETOOLONG;
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root_fd, path + length, &how, sizeof(how));
	if (fd < 0)
		fd = -errno;
	close(root_fd);
	return fd;
}

static int open_place(const char *path, int flags)
{
	int length = root_length(path), fd;

	if (length)
		return open_in_root(path, length, flags);
	fd = open(path, O_PATH | O_CLOEXEC | flags);
	return fd < 0 ? -errno : fd;
}

static int open_regular(const char *path, int flags, struct stat *status)
{
	int place = open_place(path, flags), fd;
	char link[32];

	if (place < 0)
		return place;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	if (fstat(place, status))
		fd = -errno;
	else if (!S_ISREG(status->st_mode))
		fd = -ENOEXEC;
	else if ((fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		fd = -errno;
	close(place);
	return fd;
}

int file_open(const char *path, struct stat *status)
{
	return open_regular(path, 0, status);
}

int file_open_itself(const char *path, struct stat *status)
{
	return open_regular(path, O_NOFOLLOW, status);
}

/* What sudo(8) says of who called it, to root alone: anybody can set a variable. -1: nothing. */
static long of_sudo(const char *name)
{
	const char *text = geteuid() ? NULL : getenv(name);

	return text && *text ? strtol(text, NULL, 10) : -1;
}

bool file_is_ours(const struct stat *status)
{
	long user = of_sudo("SUDO_UID"), group = of_sudo("SUDO_GID");
	bool is_group_ours =
		status->st_gid == 0 || status->st_gid == getegid() || status->st_gid == group;

	return (status->st_uid == 0 || status->st_uid == geteuid() || status->st_uid == user) &&
	       (is_group_ours || !(status->st_mode & S_IWGRP)) && !(status->st_mode & S_IWOTH);
}

bool file_is_hollow(const struct stat *status)
{
	return status->st_size > HOLLOW_MIN &&
	       status->st_blocks < status->st_size / BLOCK_BYTES / HOLLOW_PART;
}

bool file_user_begin(void)
{
	long user = of_sudo("SUDO_UID"), group = of_sudo("SUDO_GID");

	if (user <= 0 || group < 0)
		return false;
	/* The group first: it takes root to set it. */
	setfsgid((gid_t)group);
	setfsuid((uid_t)user);
	return true;
}

void file_user_end(void)
{
	setfsuid(geteuid());
	setfsgid(getegid());
}

/* `resolve`: of openat2(2), which Linux has from 5.6 on; 0: that is not needed. */
static int open_resolved(const char *path, int flags, mode_t mode, uint64_t resolve)
{
	const struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.mode = mode,
		.resolve = resolve,
	};

	return resolve ? (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how))
		       : open(path, flags | O_CLOEXEC, mode);
}

/* A FIFO that nobody reads must not hold us up. */
static int create(const char *path, uint64_t resolve)
{
	int fd = open_resolved(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_NONBLOCK, 0666,
			       resolve);

	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

static bool is_at(const struct stat *status, const char *path)
{
	struct stat there;

	return !lstat(path, &there) && there.st_dev == status->st_dev &&
	       there.st_ino == status->st_ino;
}

/* As root, for somebody else: in a folder that no symbolic link leads to. */
static void remove_for_user(const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	const char *name = slash ? slash + 1 : copy;
	int folder;

	if (!copy)
		return;
	if (slash)
		*slash = '\0';
	folder = open_resolved(!slash	       ? "."
			       : slash == copy ? "/"
					       : copy,
			       O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	if (folder >= 0) {
		unlinkat(folder, name, 0);
		close(folder);
	}
	free(copy);
}

/* Makes a file empty, and removes it when it is where its path says, not behind a link. */
static void drop(int fd, const char *path)
{
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || ftruncate(fd, 0) ||
	    !is_at(&status, path))
		return;
	if (file_user_begin()) {
		int failed = unlink(path);

		file_user_end();
		if (failed)
			remove_for_user(path);
	} else {
		unlink(path);
	}
}

FILE *file_create(const char *path)
{
	uint64_t resolve = 0;
	int fd = -1, error;
	FILE *stream;

	errno = EACCES;
	if (file_user_begin()) {
		fd = create(path, 0);
		error = errno;
		file_user_end();
		errno = error;
		resolve = RESOLVE_NO_SYMLINKS;
	}
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		fd = create(path, resolve);
	if (fd < 0)
		return NULL;
	stream = fdopen(fd, "w");
	if (!stream) {
		error = errno;
		drop(fd, path);
		close(fd);
		errno = error;
	}
	return stream;
}

int file_finish(FILE *stream, const char *path, int error)
{
	/* To look at it after it was closed. */
	int fd = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0);

	if (fclose(stream) && !error)
		error = errno ? -errno : -EIO;
	if (fd < 0)
		return error;
	if (error)
		drop(fd, path);
	close(fd);
	return error;
}
