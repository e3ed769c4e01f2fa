/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies on a detached tmpfs, mounted over the originals by fsopen(2), open_tree(2), move_mount(2).
 */
#include "trace/private_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"
#include "util/file.h"

#define COPY_BYTES_MAX (512LL << 20)

/* What may be an allocator, or start one: a pattern a row, in each folder. */
static const char *const folders[] = {
	"/lib64",	  "/usr/lib64", "/lib/x86_64-linux-gnu",  "/usr/lib/x86_64-linux-gnu",
	"/lib",		  "/usr/lib",	"/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
	"/usr/local/lib",
};

static const struct {
	const char *text;
	bool eager;
} patterns[] = {
	{ "libc.so.6", true },	      { "ld-linux-*.so.?", true },   { "ld-musl-*.so.?", false },
	{ "libjemalloc.so*", false }, { "libtcmalloc*.so*", false }, { "libmimalloc*.so*", false },
};

int private_files_open(struct private_files *set)
{
	int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int error = 0;

	memset(set, 0, sizeof(*set));
	set->mount_fd = -1;
	if (context < 0)
		return -errno;
	if (fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ||
	    (set->mount_fd = fsmount(context, FSMOUNT_CLOEXEC, 0)) < 0)
		error = -errno;
	close(context);
	return error;
}

void private_files_close(struct private_files *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->files[i].fd >= 0)
			close(set->files[i].fd);
		free(set->files[i].path);
	}
	free(set->files);
	if (set->mount_fd >= 0)
		close(set->mount_fd);
	memset(set, 0, sizeof(*set));
	set->mount_fd = -1;
}

static int copy_content(int from, int to, off_t size)
{
	off_t done = 0;

	while (done < size) {
		ssize_t bytes = sendfile(to, from, &done, size - done);

		if (bytes < 0 && errno != EINTR)
			return -errno;
		/* Somebody cut the file short meanwhile. */
		if (bytes == 0)
			return -EIO;
	}
	return 0;
}

/* Returns a descriptor of the copy, open for reading only: a file open for writing can't be run. */
static int copy_file(const struct private_files *set, int from, const struct stat *status,
		     const char *name)
{
	int to, error;

	if (file_is_hollow(status) || status->st_size > COPY_BYTES_MAX)
		return -EFBIG;
	to = openat(set->mount_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	error = copy_content(from, to, status->st_size);
	if (!error &&
	    (fchown(to, status->st_uid, status->st_gid) || fchmod(to, status->st_mode & 0777)))
		error = -errno;
	close(to);
	if (error)
		return error;
	to = openat(set->mount_fd, name, O_RDONLY | O_CLOEXEC);
	return to < 0 ? -errno : to;
}

static bool has_path(const struct private_files *set, const char *path)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->files[i].path, path))
			return true;
	return false;
}

static int add_real_path(struct private_files *set, const char *path, bool eager)
{
	struct private_file *file;
	struct stat status;
	char name[24], *own_path;
	int from, copy;

	from = file_open(path, &status);
	if (from < 0)
		return from;
	snprintf(name, sizeof(name), "%zu", set->count);
	copy = copy_file(set, from, &status, name);
	close(from);
	if (copy < 0)
		return copy;
	own_path = strdup(path);
	file = own_path ? array_add(&set->files, &set->count, sizeof(*file)) : NULL;
	if (!file) {
		free(own_path);
		close(copy);
		return -ENOMEM;
	}
	file->fd = copy;
	file->eager = eager;
	file->path = own_path;
	return 0;
}

int private_files_add(struct private_files *set, const char *path, bool eager)
{
	char *real = realpath(path, NULL);
	int error;

	if (!real)
		return -errno;
	error = has_path(set, real) ? 0 : add_real_path(set, real, eager);
	free(real);
	return error;
}

static void add_matches(struct private_files *set, const char *folder, const char *pattern,
			bool eager)
{
	char path[PATH_MAX];
	glob_t matches;

	snprintf(path, sizeof(path), "%s/%s", folder, pattern);
	if (glob(path, GLOB_NOSORT, NULL, &matches))
		return;
	/* One that can't be copied is found when it is mapped. */
	for (size_t i = 0; i < matches.gl_pathc; i++)
		private_files_add(set, matches.gl_pathv[i], eager);
	globfree(&matches);
}

void private_files_add_system(struct private_files *set, const char *preload)
{
	char *copy, *state, *path;

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		for (size_t j = 0; j < sizeof(patterns) / sizeof(*patterns); j++)
			add_matches(set, folders[i], patterns[j].text, patterns[j].eager);
	copy = preload ? strdup(preload) : NULL;
	if (!copy)
		return;
	for (path = strtok_r(copy, " :", &state); path; path = strtok_r(NULL, " :", &state))
		if (strchr(path, '/'))
			private_files_add(set, path, true);
	free(copy);
}

static int mount_copy(const struct private_files *set, size_t index)
{
	char name[24];
	int tree, error = 0;

	snprintf(name, sizeof(name), "%zu", index);
	tree = open_tree(set->mount_fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		return -errno;
	if (move_mount(tree, "", AT_FDCWD, set->files[index].path, MOVE_MOUNT_F_EMPTY_PATH))
		error = -errno;
	close(tree);
	return error;
}

/* A folder that every system has, and none of the files is in. */
#define STOPOVER "/proc"

/*
 * Before Linux 6.15 nothing can be cloned out of a mount that is nowhere: it is put somewhere for
 * as long as that takes. Nobody else sees it, the namespace is our own.
 */
static int mount_copies(const struct private_files *set)
{
	int error = 0;

	if (move_mount(set->mount_fd, "", AT_FDCWD, STOPOVER, MOVE_MOUNT_F_EMPTY_PATH))
		return -errno;
	for (size_t i = 0; !error && i < set->count; i++)
		error = mount_copy(set, i);
	if (umount2(STOPOVER, MNT_DETACH) && !error)
		error = -errno;
	return error;
}

int private_files_enter(const struct private_files *set)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return -errno;
	return mount_copies(set);
}
