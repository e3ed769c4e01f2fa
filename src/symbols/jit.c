/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the places where compilers leave the names of their code, and which of
 * these files are believed: anybody may write to /tmp. Knows nothing of formats.
 */
#include "symbols/jit.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model/snapshot.h"
#include "symbols/jit_table.h"
#include "util/proc.h"

#define MAX_BYTES ((size_t)64 << 20)
/* A process has one for each compiler in it; mappings to read there may be any number. */
#define MAX_DUMPS 8
#define FIRST_BYTES ((size_t)64 << 10)

/* ---- reading ------------------------------------------------------------------------ */

/* The file's first bytes and a NUL after them, to be freed. It may grow meanwhile. */
static int read_bounded(int fd, char **result, size_t *size)
{
	size_t capacity = 0, used = 0;
	char *bytes = NULL;
	ssize_t length;

	do {
		if (used == capacity) {
			size_t wanted = capacity ? capacity * 2 : FIRST_BYTES;
			char *grown = realloc(bytes, wanted + 1);

			if (!grown) {
				free(bytes);
				return -ENOMEM;
			}
			bytes = grown;
			capacity = wanted;
		}
		length = pread(fd, bytes + used, capacity - used, used);
		if (length > 0)
			used += length;
	} while (length > 0 && used < MAX_BYTES);
	bytes[used] = '\0';
	*result = bytes;
	*size = used;
	return 0;
}

/* Takes `fd` over. */
static int add_file(struct jit_table *table, int fd,
		    int (*add)(struct jit_table *table, char *bytes, size_t size))
{
	char *bytes;
	size_t size;
	int err = read_bounded(fd, &bytes, &size);

	close(fd);
	return err ? err : add(table, bytes, size);
}

/*
 * Opens for reading what `place` (O_PATH, taken over) leads to, if it is a regular
 * file and `believed`. To open anything else can do things, so that is asked before.
 */
static int open_believed(int place, bool (*believed)(const struct stat *status, uint64_t claim),
			 uint64_t claim)
{
	struct stat status;
	char link[32];
	int fd = -1;

	if (place < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	if (!fstat(place, &status) && S_ISREG(status.st_mode) && believed(&status, claim))
		fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	close(place);
	return fd;
}

static bool is_owned_by(const struct stat *status, uint64_t uid)
{
	return status->st_uid == uid || status->st_uid == 0;
}

static bool is_inode(const struct stat *status, uint64_t inode)
{
	return status->st_ino == inode;
}

/* ---- perf-PID.map --------------------------------------------------------------------- */

/* A symbolic link in the process's root must not lead into ours. */
static int find_map(const char *root, pid_t pid)
{
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[40];
	int fd;

	if (root_fd < 0)
		return -1;
	snprintf(path, sizeof(path), "tmp/perf-%d.map", (int)pid);
	fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	close(root_fd);
	return fd;
}

static int open_map(const struct process *process)
{
	struct proc_identity identity;
	char root[PROC_ROOT_BYTES] = "";

	/* What its next program wrote has the same name. */
	if (!process->pid || process->end == PROCESS_EXECED)
		return -1;
	if (process->end == PROCESS_RUNNING)
		proc_root(process->pid, root);
	if (root[0] && !proc_identity_read(process->pid, &identity))
		return open_believed(find_map(root, identity.inner_pid), is_owned_by, identity.uid);
	return open_believed(find_map("/", process->pid), is_owned_by, geteuid());
}

/* ---- jit-PID.dump ------------------------------------------------------------------------ */

static bool is_dump(const char *path)
{
	const char *name = path ? strrchr(path, '/') : NULL;

	return name && !fnmatch("/jit-*.dump", name, 0);
}

/* That the process maps it is what makes it the process's. */
static int add_dump(struct jit_table *table, const char *path, uint64_t inode, int *left)
{
	int fd = *left > 0 ? open_believed(open(path, O_PATH | O_CLOEXEC), is_inode, inode) : -1;

	if (fd < 0)
		return 0;
	--*left;
	return add_file(table, fd, jit_table_add_dump);
}

static int add_known_dumps(struct jit_table *table, const struct process *process, int *left)
{
	int err = 0;

	for (size_t i = 0; !err && i < process->mapping_count; i++) {
		const struct mapping *mapping = &process->mappings[i];

		if (is_dump(mapping->path))
			err = add_dump(table,
				       mapping->open_path ? mapping->open_path : mapping->path,
				       mapping->inode, left);
	}
	return err;
}

/* A compiler begins to write when it likes: the process may not have been looked at since. */
static int add_new_dumps(struct jit_table *table, const struct process *process, int *left)
{
	struct proc_map *maps;
	size_t count;
	int err = 0;

	if (!process->pid || process->end != PROCESS_RUNNING ||
	    proc_maps_read(process->pid, &maps, &count))
		return 0;
	for (size_t i = 0; !err && i < count; i++) {
		char path[64];

		if (!is_dump(maps[i].path))
			continue;
		snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64,
			 process->pid, maps[i].start, maps[i].end);
		err = add_dump(table, path, maps[i].inode, left);
	}
	proc_maps_free(maps, count);
	return err;
}

int jit_read(const struct process *process, struct jit_table **result)
{
	struct jit_table *table = jit_table_new();
	int fd, err = 0, left = MAX_DUMPS;

	if (!table)
		return -ENOMEM;
	fd = open_map(process);
	if (fd >= 0)
		err = add_file(table, fd, jit_table_add_map);
	if (!err)
		err = add_new_dumps(table, process, &left);
	if (!err)
		err = add_known_dumps(table, process, &left);
	if (err) {
		jit_table_free(table);
		return err;
	}
	jit_table_sort(table);
	*result = table;
	return 0;
}
