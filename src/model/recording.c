/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns what a recording holds and in which order. Must not know how a number is
 * laid out (record_io) nor how bytes get into a file (record_file).
 *
 * Content: the magic, the version, the strings, then the snapshot, depth first.
 * Kinds, losses, classes and ends are recorded by number: rows are only ever
 * added at the end of their tables. Any other change raises the version.
 */
#include "model/recording.h"

#include <errno.h>
#include <stdlib.h>

#include "model/record_file.h"
#include "model/record_io.h"
#include "model/snapshot.h"
#include "util/array.h"
#include "util/strings.h"

#define RECORDING_VERSION 6

static const char magic[8] = { 'L', 'E', 'A', 'K', 'T', 'R', 'C', '\n' };

static void record_frame(struct record_io *io, struct frame *frame, uint64_t *ip)
{
	record_delta(io, &frame->ip, ip);
	record_string(io, &frame->function);
	record_string(io, &frame->symbol);
	record_u64(io, &frame->offset);
	record_string(io, &frame->module);
	record_string(io, &frame->build_id);
	record_string(io, &frame->file);
	record_u32(io, &frame->line);
	record_bool(io, &frame->inlined);
}

static void record_stack(struct record_io *io, struct stack *stack)
{
	size_t depth = record_count(io, stack->depth), depth_read = 0;
	size_t frames, frames_read = 0;
	uint64_t ip = 0;

	for (size_t i = 0; i < depth; i++) {
		uint64_t *place = record_element(io, &stack->ips, &depth_read, i, sizeof(*place));

		if (!place)
			break;
		record_delta(io, place, &ip);
	}
	record_bool(io, &stack->truncated);
	frames = record_count(io, stack->frame_count);
	for (size_t i = 0; i < frames; i++) {
		struct frame *frame =
			record_element(io, &stack->frames, &frames_read, i, sizeof(*frame));

		if (!frame)
			break;
		record_frame(io, frame, &ip);
	}
	if (io->writing)
		return;
	if (depth_read > UINT32_MAX || frames_read > UINT32_MAX)
		record_fail(io, -EBADMSG);
	stack->depth = (uint32_t)depth_read;
	stack->frame_count = (uint32_t)frames_read;
}

static void record_mapping(struct record_io *io, struct mapping *mapping, uint64_t *address)
{
	record_delta(io, &mapping->start, address);
	record_delta(io, &mapping->end, address);
	record_u64(io, &mapping->file_offset);
	record_u64(io, &mapping->device);
	record_u64(io, &mapping->inode);
	record_name(io, &mapping->path);
	record_string(io, &mapping->open_path);
	record_string(io, &mapping->build_id);
}

/* Neighbours are alike: most of a million live blocks take a few bytes each. */
static void record_resources(struct record_io *io, struct site *site)
{
	size_t count = record_count(io, site->live_count);
	struct resource previous = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct resource *resource =
			record_element(io, &site->live, &site->live_count, i, sizeof(*resource));

		if (!resource)
			break;
		record_delta(io, &resource->id, &previous.id);
		record_delta(io, &resource->size, &previous.size);
		record_delta(io, &resource->born_ns, &previous.born_ns);
		record_string(io, &resource->name);
	}
}

static void record_held(struct record_io *io, struct held *held)
{
	record_u32(io, &held->site);
	record_u64(io, &held->count);
	record_u64(io, &held->bytes);
}

/* From 1 on: what there is none of is 0. */
static void record_index(struct record_io *io, uint32_t *index, uint32_t none)
{
	uint64_t number = io->writing && *index != none ? *index + 1ULL : 0;

	record_u64(io, &number);
	if (!io->writing)
		*index = number && number <= none && !io->error ? (uint32_t)(number - 1) : none;
}

static void record_scope(struct record_io *io, struct scope *scope)
{
	record_name(io, &scope->name);
	record_u32(io, &scope->number);
	record_bool(io, &scope->is_call);
	record_u64(io, &scope->entries);
}

static void record_site(struct record_io *io, struct site *site, size_t stack_count,
			size_t kind_count)
{
	size_t count;

	record_choice(io, &site->kind, kind_count);
	record_choice(io, &site->role, ROLE_COUNT);
	record_choice(io, &site->leak_class, CLASS_COUNT);
	record_index(io, &site->stack, SITE_NO_STACK);
	if (site->stack != SITE_NO_STACK && site->stack >= stack_count)
		record_fail(io, io->writing ? -EINVAL : -EBADMSG);
	record_index(io, &site->scope, SITE_NO_SCOPE);
	record_u32(io, &site->round);
	record_u64(io, &site->acquired_count);
	record_u64(io, &site->acquired_bytes);
	record_u64(io, &site->released_count);
	record_u64(io, &site->released_bytes);
	record_u64(io, &site->lost_count);
	record_u64(io, &site->first_ns);
	record_u64(io, &site->last_ns);
	record_u64(io, &site->live_bytes);
	record_resources(io, site);
	count = record_count(io, site->held_count);
	for (size_t i = 0; i < count && !io->error; i++) {
		struct held *held =
			record_element(io, &site->held, &site->held_count, i, sizeof(*held));

		if (held)
			record_held(io, held);
	}
}

static void record_totals(struct record_io *io, struct totals *totals)
{
	record_u64(io, &totals->acquired_count);
	record_u64(io, &totals->acquired_bytes);
	record_u64(io, &totals->released_count);
	record_u64(io, &totals->released_bytes);
	record_u64(io, &totals->live_count);
	record_u64(io, &totals->live_bytes);
	record_u64(io, &totals->live_count_error);
	record_u64(io, &totals->live_bytes_error);
	record_u64(io, &totals->peak_bytes);
}

/* The rows of a table that an older leaktrace knew may be fewer than ours. */
static size_t record_rows(struct record_io *io, size_t known)
{
	size_t rows = record_count(io, known);

	if (rows <= known)
		return rows;
	record_fail(io, -EBADMSG);
	return 0;
}

static void record_parts(struct record_io *io, struct process *process, size_t kind_count)
{
	uint64_t address = 0;
	size_t count = record_count(io, process->mapping_count);

	for (size_t i = 0; i < count && !io->error; i++) {
		struct mapping *mapping = record_element(
			io, &process->mappings, &process->mapping_count, i, sizeof(*mapping));

		if (mapping)
			record_mapping(io, mapping, &address);
	}
	count = record_count(io, process->stack_count);
	for (size_t i = 0; i < count && !io->error; i++) {
		struct stack *stack = record_element(io, &process->stacks, &process->stack_count, i,
						     sizeof(*stack));

		if (stack)
			record_stack(io, stack);
	}
	count = record_count(io, process->site_count);
	for (size_t i = 0; i < count && !io->error; i++) {
		struct site *site =
			record_element(io, &process->sites, &process->site_count, i, sizeof(*site));

		if (site)
			record_site(io, site, process->stack_count, kind_count);
	}
	count = record_count(io, process->scope_count);
	for (size_t i = 0; i < count && !io->error; i++) {
		struct scope *scope = record_element(io, &process->scopes, &process->scope_count, i,
						     sizeof(*scope));

		if (scope)
			record_scope(io, scope);
	}
}

static void record_scan(struct record_io *io, struct memory_scan *scan)
{
	record_choice(io, &scan->state, SCAN_FAILED + 1);
	record_string(io, &scan->reason);
	record_u64(io, &scan->time_ns);
	record_u64(io, &scan->pause_ns);
	record_u64(io, &scan->bytes);
	record_u64(io, &scan->blocks);
}

/* What a recording says of other sites, and of scopes, must be among those it has. */
static void check_indexes(struct record_io *io, const struct process *process)
{
	for (size_t i = 0; i < process->site_count; i++) {
		const struct site *site = &process->sites[i];

		if (site->scope != SITE_NO_SCOPE && site->scope >= process->scope_count)
			record_fail(io, io->writing ? -EINVAL : -EBADMSG);
		for (size_t j = 0; j < site->held_count; j++)
			if (site->held[j].site >= process->site_count)
				record_fail(io, io->writing ? -EINVAL : -EBADMSG);
	}
}

static void record_process(struct record_io *io, struct process *process, size_t kind_count)
{
	record_u32(io, &process->pid);
	record_u32(io, &process->ppid);
	record_u32(io, &process->image);
	record_name(io, &process->comm);
	record_string(io, &process->exe);
	record_choice(io, &process->end, PROCESS_EXECED + 1);
	record_int(io, &process->end_value);
	record_u64(io, &process->start_ns);
	record_u64(io, &process->end_ns);
	record_bool(io, &process->measured);
	record_string(io, &process->unmeasured_reason);
	record_u64(io, &process->unmatched_releases);
	record_s64(io, &process->brk_bytes);
	record_u64(io, &process->peak_rss_bytes);
	for (size_t i = 0; i < kind_count; i++)
		record_totals(io, &process->totals[i]);
	record_scan(io, &process->scan);
	record_parts(io, process, kind_count);
	check_indexes(io, process);
}

/* A word about a kind, which is shown as it stands. */
static void record_word(struct record_io *io, const char **word)
{
	record_name(io, word);
	if (!io->writing && !io->error && !text_is_printable(*word))
		record_fail(io, -EBADMSG);
}

/* Of the built-in kinds, only whether they were traced; of a user's, everything. */
static void record_kinds(struct record_io *io, struct snapshot *snapshot)
{
	size_t count = record_count(io, snapshot->kind_count);

	if (count < KIND_CUSTOM || count > KIND_MAX) {
		record_fail(io, -EBADMSG);
		return;
	}
	snapshot->kind_count = count;
	for (size_t i = 0; i < count; i++) {
		struct kind_info *kind = &snapshot->kinds[i];

		record_bool(io, &snapshot->traced[i]);
		if (i < KIND_CUSTOM)
			continue;
		record_word(io, &kind->name);
		record_word(io, &kind->noun);
		record_word(io, &kind->nouns);
		record_bool(io, &kind->has_bytes);
		record_word(io, &kind->acquisitions);
		record_word(io, &kind->releases);
		record_word(io, &kind->id_name);
		record_bool(io, &kind->id_is_address);
	}
}

static void record_snapshot(struct record_io *io, struct snapshot *snapshot)
{
	size_t count;

	record_name(io, &snapshot->leaktrace_version);
	record_name(io, &snapshot->kernel);
	count = record_count(io, snapshot->command_count);
	for (size_t i = 0; i < count && !io->error; i++) {
		const char **word = record_element(io, &snapshot->command, &snapshot->command_count,
						   i, sizeof(*word));

		if (word)
			record_name(io, word);
	}
	record_s64(io, &snapshot->started_unix_ns);
	record_u64(io, &snapshot->duration_ns);
	record_kinds(io, snapshot);
	record_u64(io, &snapshot->rounds.warm_up);
	record_u64(io, &snapshot->rounds.first);
	record_u32(io, &snapshot->rounds.count);
	record_u64(io, &snapshot->sample_bytes);
	count = record_rows(io, LOSS_COUNT);
	for (size_t i = 0; i < count; i++)
		record_u64(io, &snapshot->losses[i]);
	count = record_count(io, snapshot->process_count);
	for (size_t i = 0; i < count && !io->error; i++) {
		struct process *process = record_element(
			io, &snapshot->processes, &snapshot->process_count, i, sizeof(*process));

		if (process)
			record_process(io, process, snapshot->kind_count);
	}
}

/* Magic and version, the part that every version must be able to read. */
static void record_head(struct record_io *io)
{
	uint32_t version = RECORDING_VERSION;

	for (size_t i = 0; i < sizeof(magic); i++) {
		uint32_t letter = (uint8_t)magic[i];

		record_u32(io, &letter);
		if (letter != (uint8_t)magic[i])
			record_fail(io, -EBADMSG);
	}
	record_u32(io, &version);
	if (version && version != RECORDING_VERSION)
		record_fail(io, -EPROTONOSUPPORT);
	else if (!version)
		record_fail(io, -EBADMSG);
}

int recording_write(const struct snapshot *snapshot, const char *path)
{
	struct record_io head, body;
	int err;

	record_io_write(&head);
	record_io_write(&body);
	/* A writing record_io changes nothing that it is given. */
	record_snapshot(&body, (struct snapshot *)snapshot);
	record_head(&head);
	record_strings_write(&head, &body);
	err = body.error ? body.error : head.error;
	if (!err)
		err = record_file_write(path, &head, &body);
	record_io_clear(&head);
	record_io_clear(&body);
	return err;
}

int recording_parse(uint8_t *content, size_t size, struct snapshot **snapshot)
{
	struct snapshot *result = snapshot_new();
	struct record_io io;
	int err;

	if (!result) {
		free(content);
		return -ENOMEM;
	}
	record_io_read(&io, content, size);
	record_head(&io);
	if (!io.error)
		record_strings_read(&io, result->strings);
	if (!io.error)
		record_snapshot(&io, result);
	if (io.position < io.size)
		record_fail(&io, -EBADMSG);
	err = io.error;
	record_io_clear(&io);
	if (err)
		snapshot_free(result);
	else
		*snapshot = result;
	return err;
}

int recording_read(const char *path, struct snapshot **snapshot)
{
	uint8_t *content;
	size_t size;
	int err = record_file_read(path, &content, &size);

	return err ? err : recording_parse(content, size, snapshot);
}
