/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the reading of /proc/PID files. Knows their formats (proc(5)) and
 * nothing of what the answers are for. A process may end at any moment:
 * -ESRCH says so.
 */
#include "util/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"

#define DELETED_SUFFIX " (deleted)"
/* PF_KTHREAD of the kernel's sched.h: proc(5) field 9 shows the flags as they are. */
#define TASK_KERNEL_THREAD 0x00200000u

static int errno_of_process(void)
{
	return errno == ENOENT ? -ESRCH : -errno;
}

static int open_proc_file(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? errno_of_process() : fd;
}

/* Reads the file's beginning, NUL-terminated. Returns its length or -errno. */
static ssize_t read_proc_file(pid_t pid, const char *name, char *text, size_t size)
{
	int fd = open_proc_file(pid, name);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = read(fd, text, size - 1);
	if (length < 0)
		length = errno_of_process();
	else
		text[length] = '\0';
	close(fd);
	return length;
}

/* ---- maps --------------------------------------------------------------------- */

/* The kernel writes a newline in a path as \012, and nothing else so. */
static void unescape_newlines(char *path)
{
	char *to = path;

	if (!strchr(path, '\\'))
		return;
	for (const char *from = path; *from; to++) {
		bool newline = !strncmp(from, "\\012", 4);

		*to = newline ? '\n' : *from;
		from += newline ? 4 : 1;
	}
	*to = '\0';
}

static bool cut_suffix(char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	if (length < suffix_length || strcmp(text + length - suffix_length, suffix))
		return false;
	text[length - suffix_length] = '\0';
	return true;
}

/* A number and what ends it; the last one of a line may end it. Not sscanf(3): of thousands of
 * lines it takes longer than the kernel needs to write them. */
static bool take_number(char **at, int base, char end, uint64_t *number)
{
	char *behind;

	if (!isxdigit((unsigned char)**at))
		return false;
	errno = 0;
	*number = strtoull(*at, &behind, base);
	if (errno || behind == *at || (*behind != end && *behind != '\n' && *behind))
		return false;
	*at = behind + (*behind == end);
	return true;
}

int proc_map_parse(char *line, struct proc_map *map)
{
	uint64_t major = 0, minor = 0;
	char *at = line, *permissions;

	memset(map, 0, sizeof(*map));
	if (!take_number(&at, 16, '-', &map->start) || !take_number(&at, 16, ' ', &map->end) ||
	    strnlen(at, 5) < 5 || at[4] != ' ')
		return -EINVAL;
	permissions = at;
	at += 5;
	if (!take_number(&at, 16, ' ', &map->offset) || !take_number(&at, 16, ':', &major) ||
	    !take_number(&at, 16, ' ', &minor) || !take_number(&at, 10, ' ', &map->inode) ||
	    map->start > map->end)
		return -EINVAL;
	map->device = major << 20 | minor;
	map->readable = permissions[0] == 'r';
	map->writable = permissions[1] == 'w';
	map->executable = permissions[2] == 'x';
	map->shared = permissions[3] == 's';
	map->path = at + strspn(at, " ");
	map->path[strcspn(map->path, "\n")] = '\0';
	unescape_newlines(map->path);
	map->deleted = cut_suffix(map->path, DELETED_SUFFIX);
	return 0;
}

static int add_map(char *line, struct proc_map **maps, size_t *count)
{
	struct proc_map map, *added;
	int err = proc_map_parse(line, &map);

	if (err)
		return err;
	map.path = strdup(map.path);
	added = map.path ? array_add(maps, count, sizeof(**maps)) : NULL;
	if (!added) {
		free(map.path);
		return -ENOMEM;
	}
	*added = map;
	return 0;
}

int proc_maps_parse(FILE *stream, struct proc_map **maps, size_t *count)
{
	size_t capacity = 0;
	char *line = NULL;
	int err = 0;

	*maps = NULL;
	*count = 0;
	while (!err && getline(&line, &capacity, stream) > 0)
		err = add_map(line, maps, count);
	if (!err && ferror(stream))
		err = errno_of_process();
	free(line);
	if (err) {
		proc_maps_free(*maps, *count);
		*maps = NULL;
		*count = 0;
	}
	return err;
}

int proc_maps_read(pid_t pid, struct proc_map **maps, size_t *count)
{
	int err, fd = open_proc_file(pid, "maps");
	FILE *stream;

	*maps = NULL;
	*count = 0;
	if (fd < 0)
		return fd;
	stream = fdopen(fd, "r");
	if (!stream) {
		err = -errno;
		close(fd);
		return err;
	}
	err = proc_maps_parse(stream, maps, count);
	fclose(stream);
	return err;
}

void proc_maps_free(struct proc_map *maps, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(maps[i].path);
	free(maps);
}

/* ---- comm, stat, status ---------------------------------------------------------- */

static int read_comm(pid_t pid, const char *file, char comm[16])
{
	ssize_t length = read_proc_file(pid, file, comm, 16);

	if (length < 0)
		return length;
	/* Its last newline is the file's, the others are the name's. */
	if (length && comm[length - 1] == '\n')
		comm[length - 1] = '\0';
	return 0;
}

int proc_comm(pid_t pid, char comm[16])
{
	return read_comm(pid, "comm", comm);
}

int proc_thread_comm(pid_t pid, pid_t tid, char comm[16])
{
	char file[40];

	snprintf(file, sizeof(file), "task/%d/comm", tid);
	return read_comm(pid, file, comm);
}

int proc_stat_read(pid_t pid, struct proc_stat *stat)
{
	char text[2048], *fields;
	ssize_t length = read_proc_file(pid, "stat", text, sizeof(text));
	unsigned int flags;
	int ppid;

	if (length < 0)
		return length;
	/* The name in parentheses may hold anything, parentheses too. */
	fields = strrchr(text, ')');
	if (!fields ||
	    sscanf(fields + 1,
		   " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNu64
		   " %*d %" SCNu64 " %*u %*d %*u %*u %*u %" SCNu64,
		   &stat->state, &ppid, &flags, &stat->threads, &stat->start_ticks,
		   &stat->start_stack) != 6)
		return -EINVAL;
	stat->ppid = ppid;
	stat->kernel_thread = flags & TASK_KERNEL_THREAD;
	return 0;
}

int proc_memory_read(pid_t pid, struct proc_memory *memory)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	char text[256];
	ssize_t length = read_proc_file(pid, "statm", text, sizeof(text));

	if (length < 0)
		return length;
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &memory->virtual, &memory->resident) != 2)
		return -EINVAL;
	memory->virtual *= page;
	memory->resident *= page;
	return 0;
}

/* "\nPss:  12 kB", in bytes; 0 when it is not there. */
static uint64_t rollup_bytes(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	uint64_t kilobytes = 0;

	if (!line || sscanf(line + strlen(name), " %" SCNu64, &kilobytes) != 1)
		return 0;
	return kilobytes * 1024;
}

int proc_shares_read(pid_t pid, struct proc_shares *shares)
{
	char text[4096];
	ssize_t length = read_proc_file(pid, "smaps_rollup", text, sizeof(text));

	if (length <= 0)
		return length ? (int)length : -ESRCH;
	shares->proportional = rollup_bytes(text, "\nPss:");
	shares->unique = rollup_bytes(text, "\nPrivate_Clean:") +
			 rollup_bytes(text, "\nPrivate_Dirty:") +
			 rollup_bytes(text, "\nPrivate_Hugetlb:");
	return 0;
}

int proc_identity_read(pid_t pid, struct proc_identity *identity)
{
	char text[4096];
	ssize_t length = read_proc_file(pid, "status", text, sizeof(text));
	char *uid, *pids;
	size_t last;

	if (length < 0)
		return length;
	uid = strstr(text, "\nUid:");
	pids = strstr(text, "\nNSpid:");
	if (!uid || sscanf(uid, " Uid: %u", &identity->uid) != 1 || !pids)
		return -EINVAL;
	/* "NSpid: 4711 23 1": from the outermost namespace to the innermost. */
	pids++;
	pids[strcspn(pids, "\n")] = '\0';
	last = strlen(pids);
	while (last && pids[last - 1] >= '0' && pids[last - 1] <= '9')
		last--;
	return sscanf(pids + last, "%d", &identity->inner_pid) == 1 ? 0 : -EINVAL;
}

void proc_root(pid_t pid, char root[PROC_ROOT_BYTES])
{
	snprintf(root, PROC_ROOT_BYTES, "/proc/%d/root", (int)pid);
	if (access(root, F_OK))
		root[0] = '\0';
}

pid_t proc_tgid(pid_t tid)
{
	char text[4096];
	ssize_t length = read_proc_file(tid, "status", text, sizeof(text));
	const char *line;
	int tgid;

	if (length < 0)
		return length;
	line = strstr(text, "\nTgid:");
	if (!line || sscanf(line, " Tgid: %d", &tgid) != 1)
		return -EINVAL;
	return tgid;
}

int proc_each_fd(pid_t pid, void (*visit)(int fd, void *context), void *context)
{
	struct dirent *entry;
	char path[32];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	if (!folder)
		return -errno;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			visit(atoi(entry->d_name), context);
	closedir(folder);
	return 0;
}

static void count_fd(int fd, void *context)
{
	(void)fd;
	++*(int64_t *)context;
}

int64_t proc_fd_count(pid_t pid)
{
	struct stat status;
	int64_t count = 0;
	char path[32];
	int error;

	/* Since Linux 6.2 the folder's size is their number. */
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	if (!stat(path, &status) && status.st_size > 0)
		return status.st_size;
	error = proc_each_fd(pid, count_fd, &count);
	return error ? error : count;
}
