/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private copies of library files for a command's own mount namespace. Probes on
 * a copy's inode are hit by the command's tree alone, from each process's first
 * instruction, through fork and exec; other processes map the original.
 */
#ifndef LEAKTRACE_TRACE_PRIVATE_FILES_H
#define LEAKTRACE_TRACE_PRIVATE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct private_file {
	char *path; /* real path of the original, where the copy is to be mounted */
	int fd;	    /* the copy, open for reading; -1 once given away */
	bool eager; /* probed before anything maps it, else when it is mapped */
};

struct private_files {
	int mount_fd; /* a tmpfs that is mounted nowhere */
	struct private_file *files;
	size_t count;
};

/* Makes the empty set. Returns 0, or -errno where such a mount can't be had. */
int private_files_open(struct private_files *set);
void private_files_close(struct private_files *set);

/* Copies a regular file, once; links are followed. Returns 0 or -errno. */
int private_files_add(struct private_files *set, const char *path, bool eager);

/* Copies the C libraries and known allocators of the usual folders, and those that the environment
 * preloads. */
void private_files_add_system(struct private_files *set, const char *preload);

/*
 * In a child: moves to a mount namespace of its own and mounts each copy over its
 * original. Mounts made elsewhere later still arrive here. Returns 0 or -errno.
 */
int private_files_enter(const struct private_files *set);

#endif
