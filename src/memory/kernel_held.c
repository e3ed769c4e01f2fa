/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats: proc(5), "fdinfo" and "timers". */
#include "memory/kernel_held.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "reach/graph.h"
#include "util/proc.h"

struct taking {
	pid_t pid;
	struct graph *graph;
};

static void take_lines(const struct taking *taking, const char *path, const char *format)
{
	FILE *file = fopen(path, "re");
	char line[512];
	uint64_t word;

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, format, &word) == 1)
			graph_root_words(taking->graph, &word, 1);
	fclose(file);
}

static void take_descriptor(int fd, void *context)
{
	static const char epoll[] = "anon_inode:[eventpoll]";
	const struct taking *taking = context;
	char path[64], name[sizeof(epoll)];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)taking->pid, fd);
	if (readlink(path, name, sizeof(name)) != sizeof(epoll) - 1 ||
	    memcmp(name, epoll, sizeof(epoll) - 1) != 0)
		return;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)taking->pid, fd);
	take_lines(taking, path, "tfd: %*d events: %*x data: %" SCNx64);
}

void kernel_held_take(pid_t pid, struct graph *graph)
{
	struct taking taking = { pid, graph };
	char path[64];

	proc_each_fd(pid, take_descriptor, &taking);
	snprintf(path, sizeof(path), "/proc/%d/timers", (int)pid);
	take_lines(&taking, path, "signal: %*d/%" SCNx64);
}
