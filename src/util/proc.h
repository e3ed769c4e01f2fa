/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of a process. Formats: proc(5). */
#ifndef LEAKTRACE_UTIL_PROC_H
#define LEAKTRACE_UTIL_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct proc_map {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t device; /* major << 20 | minor */
	uint64_t inode;
	bool readable;
	bool writable;
	bool executable;
	bool shared;
	bool deleted; /* the path ended in " (deleted)", cut off here */
	char *path;   /* "" for anonymous memory */
};

/* Reads /proc/PID/maps. Returns 0 and an array to be freed by proc_maps_free, or -errno. */
int proc_maps_read(pid_t pid, struct proc_map **maps, size_t *count);
/* The same of what such a file holds; -EINVAL: it is none. */
int proc_maps_parse(FILE *stream, struct proc_map **maps, size_t *count);
void proc_maps_free(struct proc_map *maps, size_t count);

/* Parses one line of a maps file in place; returns 0 or -EINVAL. `map->path` points into `line`. */
int proc_map_parse(char *line, struct proc_map *map);

/* /proc/PID/comm into `comm` (NUL-terminated, no newline). Returns 0 or -errno. */
int proc_comm(pid_t pid, char comm[16]);

/* The same of one thread. */
int proc_thread_comm(pid_t pid, pid_t tid, char comm[16]);

/* Calls `visit` for each open descriptor of the process. Returns 0 or -errno. */
int proc_each_fd(pid_t pid, void (*visit)(int fd, void *context), void *context);

/* How many descriptors the process has open, or -errno. */
int64_t proc_fd_count(pid_t pid);

struct proc_stat {
	pid_t ppid;
	char state;
	bool kernel_thread;
	uint64_t threads;
	uint64_t start_ticks; /* since boot */
	uint64_t start_stack; /* arguments and environment are above; 0: not for us to see */
};

/* /proc/PID/stat. Returns 0 or -errno (-ESRCH: no such process). */
int proc_stat_read(pid_t pid, struct proc_stat *stat);

/* Bytes. */
struct proc_memory {
	uint64_t virtual;  /* size of the address space */
	uint64_t resident; /* resident set */
};

/* /proc/PID/statm. Returns 0 or -errno (-ESRCH: no such process). */
int proc_memory_read(pid_t pid, struct proc_memory *memory);

/* Bytes. */
struct proc_shares {
	uint64_t proportional; /* PSS: shared pages divided by those who share them */
	uint64_t unique;       /* USS: pages that nobody shares */
};

/*
 * /proc/PID/smaps_rollup: the kernel walks all of the process's page tables for it. Returns 0
 * or -errno.
 */
int proc_shares_read(pid_t pid, struct proc_shares *shares);

struct proc_identity {
	uid_t uid;	 /* real, as we see it */
	pid_t inner_pid; /* as the process itself sees it, in the innermost pid namespace */
};

/* /proc/PID/status. Returns 0 or -errno (-ESRCH: no such process). */
int proc_identity_read(pid_t pid, struct proc_identity *identity);

/*
 * The root folder of a process, to be put before its paths: "/proc/PID/root", or ""
 * (ours) when it has ended. Of one that is not yet waited for it is gone already.
 */
#define PROC_ROOT_BYTES 32
void proc_root(pid_t pid, char root[PROC_ROOT_BYTES]);

/* Thread group of a thread id, by /proc/PID/status; -errno on failure. */
pid_t proc_tgid(pid_t tid);

#endif
