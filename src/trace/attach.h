/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's ways to attach a BPF program: uprobe links, perf events, trace
 * points. Works on file descriptors; knows neither the programs nor what they
 * are for. A link ends when its descriptor is closed, so nothing can be left
 * behind, whatever ends leaktrace; but for shared_probes.h.
 */
#ifndef LEAKTRACE_TRACE_ATTACH_H
#define LEAKTRACE_TRACE_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/attach_mode.h"

struct shared_probes;

/* Descriptors of links, and of perf events that carry one. */
struct links {
	int *fds;
	size_t count;
};

/* Closes them, all at once, and forgets them. */
void links_close(struct links *links);
/* Moves all of `from` to `to`. Returns 0 or -ENOMEM; `from` is empty in any case. */
int links_move(struct links *to, struct links *from);

struct attach_point {
	uint64_t file_offset;
	uint64_t cookie;
};

struct attach_request {
	int program_fd;
	enum attach_mode mode;	      /* not ATTACH_AUTO */
	bool at_return;		      /* not with ATTACH_SESSION */
	int file_fd;		      /* the file that holds the code */
	pid_t pid;		      /* -1: every process that maps the file */
	struct shared_probes *shared; /* for ATTACH_SINGLE; NULL: none are */
	const struct attach_point *points;
	size_t count;
};

/* Attaches a program to all points. Returns 0 or -errno; then nothing was added. */
int attach_uprobes(const struct attach_request *request, struct links *links);

/* Attaches a program to a raw tracepoint. Returns 0 or -errno. */
int attach_raw_tracepoint(int program_fd, const char *name, struct links *links);

/* Attaches a program to a tracepoint, "syscalls/sys_exit_clone". Returns 0 or -errno. */
int attach_tracepoint(int program_fd, const char *name, struct links *links);

/*
 * Tells whether the running kernel has a way to attach, by asking it. Programs
 * for ATTACH_SESSION and ATTACH_MULTI are loaded with the attach type that
 * attach_mode_type() names.
 */
bool attach_mode_works(enum attach_mode mode);
int attach_mode_type(enum attach_mode mode);

#endif
