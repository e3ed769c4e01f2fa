/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/own_frame.h"
#include "live/growth.h"
#include "model/snapshot.h"

/* For the order by growth a descriptor or a thread stands for so many bytes. */
#define COUNT_WEIGHT 4096.0

const char *row_group_name(enum row_group group)
{
	static const char *const names[] = {
		[GROUP_SITE] = "call site",
		[GROUP_FUNCTION] = "function",
		[GROUP_MODULE] = "module",
		[GROUP_THREAD] = "thread",
	};

	return names[group];
}

/* ---- what passes ---------------------------------------------------------------------- */

static bool text_passes(const char *text, const char *filter)
{
	return text && strcasestr(text, filter);
}

static bool filter_passes(const struct part *part, const char *filter)
{
	if (!*filter)
		return true;
	for (uint32_t i = 0; i < part->frame_count; i++) {
		const struct frame *frame = &part->frames[i];

		if (text_passes(frame->function, filter) ||
		    text_passes(module_name(frame->module), filter) ||
		    text_passes(frame->file, filter))
			return true;
	}
	return false;
}

static bool part_passes(const struct part *part, const struct row_query *query)
{
	return !part->is_hidden && part->now.acquired_count &&
	       !(query->hidden_kinds >> part->kind & 1) &&
	       (query->process == ALL_PROCESSES || query->process == part->process) &&
	       filter_passes(part, query->filter);
}

/* ---- keys -------------------------------------------------------------------------------- */

static uint64_t spread(uint64_t key)
{
	key = (key ^ key >> 32) * 0x9fb21c651e98df25ULL;
	return (key ^ key >> 29) | 1;
}

static const struct frame *frame_of(const struct part *part, enum row_group group)
{
	return group == GROUP_THREAD ? part->thread : part->own;
}

/* Names are interned: their addresses tell them apart. A stack without names is by itself. */
static uint64_t key_of(const struct part *part, enum row_group group)
{
	const struct frame *frame = frame_of(part, group);
	uint64_t kind = (uint64_t)part->kind << 56;

	if (!frame)
		return spread(kind ^ (uint64_t)part->process << 32 ^ part->stack);
	switch (group) {
	case GROUP_FUNCTION:
	case GROUP_THREAD:
		return spread(kind ^ spread((uintptr_t)frame->function) ^ (uintptr_t)frame->module);
	case GROUP_MODULE:
		return spread(kind ^ (uintptr_t)frame->module);
	case GROUP_SITE:
	case GROUP_COUNT:
		break;
	}
	return spread(kind ^ part->name_key);
}

static int make_room(struct rows *rows, size_t part_count)
{
	size_t slots = 64;

	while (slots < part_count * 2)
		slots *= 2;
	if (slots != rows->slot_count) {
		free(rows->slots);
		rows->slots = calloc(slots, sizeof(*rows->slots));
		rows->slot_count = rows->slots ? slots : 0;
	} else {
		memset(rows->slots, 0, slots * sizeof(*rows->slots));
	}
	if (part_count > rows->room) {
		free(rows->rows);
		rows->rows = calloc(part_count, sizeof(*rows->rows));
		rows->room = rows->rows ? part_count : 0;
	}
	return rows->slot_count && rows->room >= part_count ? 0 : -ENOMEM;
}

static struct row *row_of(struct rows *rows, uint64_t key)
{
	size_t slot = key & (rows->slot_count - 1);
	struct row *row;

	for (; rows->slots[slot]; slot = (slot + 1) & (rows->slot_count - 1)) {
		row = &rows->rows[rows->slots[slot] - 1];
		if (row->key == key)
			return row;
	}
	row = &rows->rows[rows->count++];
	*row = (struct row){ .key = key };
	rows->slots[slot] = (uint32_t)rows->count;
	return row;
}

/* ---- sums ------------------------------------------------------------------------------ */

static void row_add(struct row *row, const struct growth *growth, const struct part *part,
		    const struct row_query *query)
{
	const struct counters *now = &part->now, *marked = &part->marked, *then;
	double seconds;
	size_t index;

	if (!row->part) {
		row->kind = part->kind;
		row->counts_only = growth_counts_only(growth, part->kind);
		row->frame = frame_of(part, query->group);
		row->part = part;
	} else if (counters_live_bytes(now) > counters_live_bytes(&row->part->now)) {
		row->part = part;
	}
	row->part_count++;
	row->live_bytes += counters_live_bytes(now);
	row->live_count += counters_live_count(now);
	row->change +=
		growth_live(growth, part->kind, now) - growth_live(growth, part->kind, marked);
	row->acquired += now->acquired_count;
	if (part->oldest_ns && (!row->oldest_ns || part->oldest_ns < row->oldest_ns))
		row->oldest_ns = part->oldest_ns;
	if (!growth_window(growth, part->kind, &index, &seconds))
		return;
	then = &part->window[index];
	row->growth += (double)(growth_live(growth, part->kind, now) -
				growth_live(growth, part->kind, then)) /
		       seconds;
	row->acquired_per_s += (double)(now->acquired_count - then->acquired_count) / seconds;
	row->released_per_s += (double)(now->released_count - then->released_count) / seconds;
}

static void row_finish(struct row *row)
{
	row->kept = row->acquired ? (double)row->live_count / (double)row->acquired : 0;
	row->weight = row->counts_only ? row->growth * COUNT_WEIGHT : row->growth;
}

/* ---- order ------------------------------------------------------------------------------ */

struct order {
	enum row_column column;
	bool reverse;
};

static double number_of(const struct row *row, enum row_column column)
{
	switch (column) {
	case COLUMN_GROWTH:
		return row->weight;
	case COLUMN_BYTES:
		return row->counts_only ? 0 : (double)row->live_bytes;
	case COLUMN_COUNT:
		return (double)row->live_count;
	case COLUMN_CHANGE:
		return row->counts_only ? (double)row->change * COUNT_WEIGHT : (double)row->change;
	case COLUMN_ACQUIRED:
		return row->acquired_per_s;
	case COLUMN_RELEASED:
		return row->released_per_s;
	case COLUMN_KEPT:
		return row->kept;
	case COLUMN_AGE:
		return row->oldest_ns ? -(double)row->oldest_ns : -HUGE_VAL;
	default:
		return 0;
	}
}

static const char *text_of(const struct row *row, enum row_column column)
{
	if (!row->frame)
		return "";
	if (column == COLUMN_MODULE)
		return module_name(row->frame->module);
	return row->frame->function ? row->frame->function : "";
}

static int compare(const void *left, const void *right, void *context)
{
	const struct row *a = left, *b = right;
	const struct order *order = context;
	double number_a = number_of(a, order->column), number_b = number_of(b, order->column);
	int result;

	if (order->column == COLUMN_NAME || order->column == COLUMN_MODULE)
		result = strcmp(text_of(a, order->column), text_of(b, order->column));
	else if (order->column == COLUMN_KIND)
		result = (a->kind > b->kind) - (a->kind < b->kind);
	else
		result = (number_a < number_b) - (number_a > number_b);
	if (order->reverse)
		result = -result;
	/* Equal ones keep their places. */
	if (!result)
		result = (a->live_bytes < b->live_bytes) - (a->live_bytes > b->live_bytes);
	if (!result)
		result = (a->key > b->key) - (a->key < b->key);
	return result;
}

int rows_make(struct rows *rows, const struct growth *growth, const struct row_query *query)
{
	struct order order = { query->sort, query->reverse };
	size_t kept = 0;
	int error = make_room(rows, growth->part_count);

	rows->count = 0;
	rows->hidden_count = 0;
	if (error)
		return error;
	for (size_t i = 0; i < growth->part_count; i++) {
		const struct part *part = &growth->parts[i];

		if (!part->serial)
			continue;
		if (part_passes(part, query))
			row_add(row_of(rows, key_of(part, query->group)), growth, part, query);
		else
			rows->hidden_count += !part->is_hidden && part->now.acquired_count;
	}
	for (size_t i = 0; i < rows->count; i++) {
		row_finish(&rows->rows[i]);
		if (query->only_growing && rows->rows[i].growth <= 0)
			continue;
		rows->rows[kept++] = rows->rows[i];
	}
	rows->hidden_count += rows->count - kept;
	rows->count = kept;
	if (kept)
		qsort_r(rows->rows, kept, sizeof(*rows->rows), compare, &order);
	return 0;
}

void rows_clear(struct rows *rows)
{
	free(rows->rows);
	free(rows->slots);
	*rows = (struct rows){ 0 };
}

void rows_each_part(const struct growth *growth, const struct row_query *query, uint64_t key,
		    void (*visit)(const struct part *part, size_t place, void *context),
		    void *context)
{
	for (size_t i = 0; i < growth->part_count; i++) {
		const struct part *part = &growth->parts[i];

		if (part->serial && part_passes(part, query) && key_of(part, query->group) == key)
			visit(part, i, context);
	}
}
