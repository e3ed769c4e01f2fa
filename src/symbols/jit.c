/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the places where compilers leave the names of their code, and which of
 * these files are believed: anybody may write to /tmp. Knows nothing of formats.
 */
#include "symbols/jit.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/snapshot.h"
#include "symbols/jit_table.h"
#include "util/file.h"
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

/* ---- perf-PID.map --------------------------------------------------------------------- */

static int open_owned(const char *root, pid_t pid, uid_t uid)
{
	struct stat status;
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/tmp/perf-%d.map", root, (int)pid);
	fd = file_open_itself(path, &status);
	if (fd < 0 || status.st_uid == uid || status.st_uid == 0)
		return fd;
	close(fd);
	return -EPERM;
}

static int open_map(const struct process *process)
{
	struct proc_identity identity;
	char root[PROC_ROOT_BYTES] = "";

	/* What its next program wrote has the same name. */
	if (!process->pid || process->end == PROCESS_EXECED)
		return -ENOENT;
	if (process->end == PROCESS_RUNNING)
		proc_root(process->pid, root);
	if (root[0] && !proc_identity_read(process->pid, &identity))
		return open_owned(root, identity.inner_pid, identity.uid);
	return open_owned("", process->pid, geteuid());
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
	struct stat status;
	int fd = *left > 0 ? file_open(path, &status) : -ENOENT;

	if (fd >= 0 && status.st_ino != inode) {
		close(fd);
		fd = -ESTALE;
	}
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
