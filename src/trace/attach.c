/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links made through bpf(2) and perf_event_open(2) directly: libbpf 1.1 has no
 * calls for uprobe_multi, and its perf uprobes open a path where we have a file.
 * Sources: bpf(2), perf_event_open(2), Linux's include/uapi/linux/bpf.h.
 */
#include "trace/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "trace/shared_probes.h"
#include "trace/tracefs.h"
#include "util/array.h"

/* Values of enum bpf_attach_type that the headers of libbpf 1.1 lack. */
#define ATTACH_TYPE_UPROBE_MULTI 48
#define ATTACH_TYPE_UPROBE_SESSION 57
#define UPROBE_MULTI_RETURN 1

#define CLOSERS_MAX 128

/* The part of union bpf_attr that BPF_LINK_CREATE reads for uprobe_multi. */
struct uprobe_multi_attr {
	uint32_t program_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t ref_counter_offsets;
	uint64_t cookies;
	uint32_t count;
	uint32_t multi_flags;
	uint32_t pid;
	uint32_t unused;
};

static int links_add(struct links *links, int fd)
{
	int *slot = array_add(&links->fds, &links->count, sizeof(fd));

	if (!slot) {
		close(fd);
		return -ENOMEM;
	}
	*slot = fd;
	return 0;
}

static void links_cut(struct links *links, size_t count)
{
	while (links->count > count)
		close(links->fds[--links->count]);
}

/* One thread's share of the descriptors to close: every CLOSERS_MAX-th. */
struct closer {
	pthread_t thread;
	const struct links *links;
	size_t first;
	bool started;
};

static void *close_share(void *context)
{
	const struct closer *closer = context;

	for (size_t i = closer->first; i < closer->links->count; i += CLOSERS_MAX)
		close(closer->links->fds[i]);
	return NULL;
}

/*
 * Each close waits for the kernel's grace periods, tens of milliseconds; waits
 * at the same time are for the same ones, but for single probes: a lock has those in turn.
 */
void links_close(struct links *links)
{
	struct closer closers[CLOSERS_MAX];
	size_t count = links->count < CLOSERS_MAX ? links->count : CLOSERS_MAX;

	for (size_t i = 0; i < count; i++) {
		closers[i] = (struct closer){ .links = links, .first = i };
		closers[i].started =
			!pthread_create(&closers[i].thread, NULL, close_share, &closers[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (closers[i].started)
			pthread_join(closers[i].thread, NULL);
		else
			close_share(&closers[i]);
	}
	free(links->fds);
	links->fds = NULL;
	links->count = 0;
}

int links_move(struct links *to, struct links *from)
{
	while (from->count) {
		int error = links_add(to, from->fds[from->count - 1]);

		from->count--;
		if (error)
			return error;
	}
	links_close(from);
	return 0;
}

int attach_mode_type(enum attach_mode mode)
{
	switch (mode) {
	case ATTACH_SESSION:
		return ATTACH_TYPE_UPROBE_SESSION;
	case ATTACH_MULTI:
		return ATTACH_TYPE_UPROBE_MULTI;
	default:
		return 0;
	}
}

static int link_create(struct uprobe_multi_attr *attr)
{
	int fd = syscall(SYS_bpf, BPF_LINK_CREATE, attr, sizeof(*attr));

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static int attach_multi(const struct attach_request *request, struct links *links)
{
	uint64_t *offsets = calloc(request->count, 2 * sizeof(*offsets));
	uint64_t *cookies = offsets + request->count;
	struct uprobe_multi_attr attr = {
		.program_fd = request->program_fd,
		.attach_type = attach_mode_type(request->mode),
		.offsets = (uintptr_t)offsets,
		.cookies = (uintptr_t)cookies,
		.count = request->count,
		.multi_flags = request->at_return ? UPROBE_MULTI_RETURN : 0,
		.pid = request->pid > 0 ? request->pid : 0,
	};
	char path[32];
	int fd;

	if (!offsets)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", request->file_fd);
	attr.path = (uintptr_t)path;
	for (size_t i = 0; i < request->count; i++) {
		offsets[i] = request->points[i].file_offset;
		cookies[i] = request->points[i].cookie;
	}
	fd = link_create(&attr);
	free(offsets);
	return fd < 0 ? fd : links_add(links, fd);
}

/* Reads "12" or "config:0" from a file of the event source. Returns -errno when it is not there. */
static int read_event_source(const char *file, const char *format)
{
	int value, fields;
	FILE *stream;
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/uprobe/%s", file);
	stream = fopen(path, "re");
	if (!stream)
		return -errno;
	fields = fscanf(stream, format, &value);
	fclose(stream);
	return fields == 1 ? value : -EINVAL;
}

static int perf_open(struct perf_event_attr *attr, pid_t pid)
{
	int fd =
		syscall(SYS_perf_event_open, attr, pid, pid < 0 ? 0 : -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int perf_link(int program_fd, int event_fd, uint64_t cookie, struct links *links)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .perf_event.bpf_cookie = cookie);
	int error = links_add(links, event_fd);
	int fd;

	if (error)
		return error;
	fd = bpf_link_create(program_fd, event_fd, BPF_PERF_EVENT, &options);
	return fd < 0 ? fd : links_add(links, fd);
}

static int attach_shared(const struct attach_request *request, struct links *links)
{
	size_t before = links->count;
	int error = 0;

	for (size_t i = 0; !error && i < request->count; i++) {
		const struct shared_place place = {
			.program_fd = request->program_fd,
			.at_return = request->at_return,
			.file_fd = request->file_fd,
			.file_offset = request->points[i].file_offset,
			.cookie = request->points[i].cookie,
		};
		int fd = shared_probes_open(request->shared, &place, request->pid);

		error = fd < 0 ? fd : links_add(links, fd);
	}
	if (error)
		links_cut(links, before);
	return error;
}

static int attach_single(const struct attach_request *request, struct links *links)
{
	int type = read_event_source("type", "%d");
	int return_bit = read_event_source("format/retprobe", "config:%d");
	size_t before = links->count;
	char path[32];

	if (type < 0 || return_bit < 0)
		return type < 0 ? type : return_bit;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", request->file_fd);
	for (size_t i = 0; i < request->count; i++) {
		struct perf_event_attr attr = {
			.size = sizeof(attr),
			.type = type,
			.config = request->at_return ? 1ULL << return_bit : 0,
			.config1 = (uintptr_t)path,
			.config2 = request->points[i].file_offset,
		};
		int fd = perf_open(&attr, request->pid);
		int error = fd < 0 ? fd : 0;

		if (!error)
			error = perf_link(request->program_fd, fd, request->points[i].cookie,
					  links);
		if (error) {
			links_cut(links, before);
			return error;
		}
	}
	return 0;
}

int attach_uprobes(const struct attach_request *request, struct links *links)
{
	if (!request->count)
		return 0;
	if (request->mode != ATTACH_SINGLE)
		return attach_multi(request, links);
	/* Where definitions are refused each process has events of its own. */
	if (request->shared && request->pid > 0 && !attach_shared(request, links))
		return 0;
	return attach_single(request, links);
}

int attach_raw_tracepoint(int program_fd, const char *name, struct links *links)
{
	int fd = bpf_raw_tracepoint_open(name, program_fd);

	return fd < 0 ? fd : links_add(links, fd);
}

int attach_tracepoint(int program_fd, const char *name, struct links *links)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = PERF_TYPE_TRACEPOINT };
	int tracefs = tracefs_open();
	int id = tracefs < 0 ? tracefs : tracefs_event_id(tracefs, name);
	int fd;

	if (tracefs >= 0)
		close(tracefs);
	if (id < 0)
		return id;
	attr.config = id;
	attr.sample_period = 1;
	/* The program runs on every CPU, whichever the event is opened on. */
	fd = perf_open(&attr, -1);
	return fd < 0 ? fd : perf_link(program_fd, fd, 0, links);
}

bool attach_mode_works(enum attach_mode mode)
{
	/* r0 = 0; exit */
	const struct bpf_insn code[] = { { .code = 0xb7 }, { .code = 0x95 } };
	LIBBPF_OPTS(bpf_prog_load_opts, options,
		    .expected_attach_type = (enum bpf_attach_type)attach_mode_type(mode));
	uint64_t offset = 0;
	struct uprobe_multi_attr attr = {
		.attach_type = attach_mode_type(mode),
		/* A kernel that knows this kind of link looks at the file first: a folder is none.
		 */
		.path = (uintptr_t) "/",
		.offsets = (uintptr_t)&offset,
		.count = 1,
	};
	int program_fd, error;

	if (mode == ATTACH_SINGLE)
		return read_event_source("type", "%d") >= 0;
	program_fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", code, 2, &options);
	if (program_fd < 0)
		return false;
	attr.program_fd = program_fd;
	error = link_create(&attr);
	close(program_fd);
	return error == -EBADF;
}
