/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programs that run on demand, over the kernel's tasks: open files, threads,
 * memory. See Documentation/bpf/bpf_iterators.rst of the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "trace/tracer.h"
#include "trace/tracer_tables.h"

#define PAGE_BYTES 4096

/* Runs a walk; what it writes goes to `take`, which returns 0 or -errno. */
static int run_walk(int link, int (*take)(const void *data, size_t size, void *context),
		    void *context)
{
	char data[64 * sizeof(struct wire_thread)];
	int walk = bpf_iter_create(link), error = 0;
	ssize_t size;

	if (walk < 0)
		return walk;
	/* A program that writes nothing asks to be called again, or is at its end. */
	while (!error && (size = read(walk, data, sizeof(data)))) {
		if (size > 0)
			error = take ? take(data, (size_t)size, context) : 0;
		else if (errno != EAGAIN && errno != EINTR)
			error = -errno;
	}
	close(walk);
	return error;
}

int tracer_walk_files(struct tracer *tracer)
{
	int program = tracer_program_fd(tracer, TRACER_FILES);

	if (program < 0)
		return -ENOENT;
	if (tracer->files_link_fd < 0)
		tracer->files_link_fd = bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	if (tracer->files_link_fd < 0)
		return tracer->files_link_fd;
	return run_walk(tracer->files_link_fd, NULL, NULL);
}

/* ---- threads --------------------------------------------------------------------- */

/* Records may be cut by the end of a read. */
struct thread_list {
	char *data;
	size_t size;
	size_t room;
};

static int take_threads(const void *data, size_t size, void *context)
{
	struct thread_list *list = context;

	if (list->size + size > list->room) {
		size_t room = (list->size + size) * 2;
		char *grown = realloc(list->data, room);

		if (!grown)
			return -ENOMEM;
		list->data = grown;
		list->room = room;
	}
	memcpy(list->data + list->size, data, size);
	list->size += size;
	return 0;
}

int tracer_threads(struct tracer *tracer, pid_t pid, struct wire_thread **threads, size_t *count)
{
	int program = tracer_program_fd(tracer, TRACER_THREADS);
	struct thread_list list = { 0 };
	int error;

	if (program < 0)
		return -ENOENT;
	if (tracer->threads_link_fd < 0)
		tracer->threads_link_fd = bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	if (tracer->threads_link_fd < 0)
		return tracer->threads_link_fd;
	__atomic_store_n(tracer->walked_pid, (uint32_t)pid, __ATOMIC_RELEASE);
	error = run_walk(tracer->threads_link_fd, take_threads, &list);
	if (error) {
		free(list.data);
		return error;
	}
	*threads = (struct wire_thread *)(void *)list.data;
	*count = list.size / sizeof(**threads);
	return 0;
}

/* ---- memory ---------------------------------------------------------------------- */

/* Of one task alone, where the kernel can be asked so (Linux 6.1). */
static int link_memory(struct tracer *tracer, int program, pid_t tid)
{
	union bpf_iter_link_info info = { .task.tid = (uint32_t)tid };
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = &info,
		    .iter_info_len = sizeof(info));

	if (tracer->memory_link_fd >= 0 && tracer->memory_tid == tid)
		return 0;
	if (tracer->memory_link_fd >= 0)
		close(tracer->memory_link_fd);
	tracer->memory_tid = tid;
	tracer->memory_link_fd = bpf_link_create(program, 0, BPF_TRACE_ITER, &options);
	if (tracer->memory_link_fd < 0)
		tracer->memory_link_fd = bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	return tracer->memory_link_fd < 0 ? tracer->memory_link_fd : 0;
}

static int read_piece(struct tracer *tracer, uint64_t address, uint8_t *target, uint32_t bytes)
{
	struct wire_read *read = tracer->reads;
	int error;

	read->address = address;
	read->bytes = bytes;
	read->error = -ESRCH;
	error = run_walk(tracer->memory_link_fd, NULL, NULL);
	if (!error && !read->error)
		memcpy(target, tracer->read_buffers, bytes);
	return error ? error : read->error;
}

ssize_t tracer_read_memory(struct tracer *tracer, pid_t tid, uint64_t address, void *target,
			   size_t bytes)
{
	int program = tracer_program_fd(tracer, TRACER_MEMORY);
	size_t done = 0, most = WIRE_READ_BYTES;
	int error = program < 0 ? -EOPNOTSUPP : link_memory(tracer, program, tid);

	if (error)
		return error;
	tracer->reads->tid = (uint32_t)tid;
	while (done < bytes) {
		size_t piece = bytes - done < most ? bytes - done : most;

		error = read_piece(tracer, address + done, (uint8_t *)target + done,
				   (uint32_t)piece);
		if (!error) {
			done += piece;
			continue;
		}
		/* Some page of the piece: which one, smaller pieces tell. */
		if (most == PAGE_BYTES)
			return done ? (ssize_t)done : error;
		most = PAGE_BYTES;
	}
	return (ssize_t)done;
}
