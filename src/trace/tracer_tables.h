/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracer's mapped tables, shared by tracer.c, which loads, and tables.c, which reads and
 * empties. */
#ifndef LEAKTRACE_TRACE_TRACER_TABLES_H
#define LEAKTRACE_TRACE_TRACER_TABLES_H

#include "trace/parking.h"
#include "trace/tracer.h"

struct leaktrace_bpf;
struct ring_buffer;

struct tracer {
	struct leaktrace_bpf *skeleton;
	struct ring_buffer *ring;
	tracer_handler handler;
	void *handler_context;
	struct wire_site *sites;
	size_t site_count;
	struct wire_bucket *buckets;
	size_t bucket_count;
	struct wire_space *spaces;
	struct wire_rule *rules;
	struct wire_mapping *mappings;
	uint64_t *pc_cache;
	int cpu_count;
	bool traced[WIRE_KINDS];
	int spill_fd;
	int free_spaces_fd;
	int inherited_fds_fd;
	int files_link_fd; /* as the others: -1: none */
	int threads_link_fd;
	struct wire_read *reads;
	uint8_t *read_buffers;
	uint32_t *walked_pid;
	pid_t memory_tid; /* whom `memory_link_fd` is for */
	int memory_link_fd;
	uint64_t memory_bytes;
	struct parking parking;
};

#endif
