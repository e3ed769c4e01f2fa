/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asserts that two snapshots are equal in every field. */
#ifndef LEAKTRACE_TESTS_SAME_H
#define LEAKTRACE_TESTS_SAME_H

#include "fixture.h"

static inline void same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static inline void same_frame(const struct frame *a, const struct frame *b)
{
	assert_int_equal(a->ip, b->ip);
	same_text(a->function, b->function);
	same_text(a->symbol, b->symbol);
	assert_int_equal(a->offset, b->offset);
	same_text(a->module, b->module);
	same_text(a->build_id, b->build_id);
	same_text(a->file, b->file);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->inlined, b->inlined);
}

static inline void same_stack(const struct stack *a, const struct stack *b)
{
	assert_int_equal(a->depth, b->depth);
	for (uint32_t i = 0; i < a->depth; i++)
		assert_int_equal(a->ips[i], b->ips[i]);
	assert_int_equal(a->truncated, b->truncated);
	assert_int_equal(a->frame_count, b->frame_count);
	for (uint32_t i = 0; i < a->frame_count; i++)
		same_frame(&a->frames[i], &b->frames[i]);
}

static inline void same_mapping(const struct mapping *a, const struct mapping *b)
{
	assert_int_equal(a->start, b->start);
	assert_int_equal(a->end, b->end);
	assert_int_equal(a->file_offset, b->file_offset);
	assert_int_equal(a->device, b->device);
	assert_int_equal(a->inode, b->inode);
	same_text(a->path, b->path);
	same_text(a->open_path, b->open_path);
	same_text(a->build_id, b->build_id);
}

static inline void same_site(const struct site *a, const struct site *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->leak_class, b->leak_class);
	assert_int_equal(a->stack, b->stack);
	assert_int_equal(a->acquired_count, b->acquired_count);
	assert_int_equal(a->acquired_bytes, b->acquired_bytes);
	assert_int_equal(a->released_count, b->released_count);
	assert_int_equal(a->released_bytes, b->released_bytes);
	assert_int_equal(a->lost_count, b->lost_count);
	assert_int_equal(a->first_ns, b->first_ns);
	assert_int_equal(a->last_ns, b->last_ns);
	assert_int_equal(a->live_bytes, b->live_bytes);
	assert_int_equal(a->live_count, b->live_count);
	if (a->live_count)
		assert_memory_equal(a->live, b->live, a->live_count * sizeof(*a->live));
}

static inline void same_process(const struct process *a, const struct process *b)
{
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->ppid, b->ppid);
	assert_int_equal(a->image, b->image);
	same_text(a->comm, b->comm);
	same_text(a->exe, b->exe);
	assert_int_equal(a->end, b->end);
	assert_int_equal(a->end_value, b->end_value);
	assert_int_equal(a->start_ns, b->start_ns);
	assert_int_equal(a->end_ns, b->end_ns);
	assert_int_equal(a->measured, b->measured);
	same_text(a->unmeasured_reason, b->unmeasured_reason);
	assert_int_equal(a->unmatched_releases, b->unmatched_releases);
	assert_memory_equal(a->totals, b->totals, sizeof(a->totals));
	assert_int_equal(a->mapping_count, b->mapping_count);
	for (size_t i = 0; i < a->mapping_count; i++)
		same_mapping(&a->mappings[i], &b->mappings[i]);
	assert_int_equal(a->stack_count, b->stack_count);
	for (size_t i = 0; i < a->stack_count; i++)
		same_stack(&a->stacks[i], &b->stacks[i]);
	assert_int_equal(a->site_count, b->site_count);
	for (size_t i = 0; i < a->site_count; i++)
		same_site(&a->sites[i], &b->sites[i]);
}

static inline void same_snapshot(const struct snapshot *a, const struct snapshot *b)
{
	same_text(a->leaktrace_version, b->leaktrace_version);
	same_text(a->kernel, b->kernel);
	assert_int_equal(!a->command, !b->command);
	assert_int_equal(a->command_count, b->command_count);
	for (size_t i = 0; i < a->command_count; i++)
		same_text(a->command[i], b->command[i]);
	assert_int_equal(a->started_unix_ns, b->started_unix_ns);
	assert_int_equal(a->duration_ns, b->duration_ns);
	assert_memory_equal(a->losses, b->losses, sizeof(a->losses));
	assert_int_equal(a->process_count, b->process_count);
	for (size_t i = 0; i < a->process_count; i++)
		same_process(&a->processes[i], &b->processes[i]);
}

#endif
