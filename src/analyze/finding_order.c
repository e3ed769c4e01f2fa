/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/finding_order.h"

#include <string.h>

#include "model/snapshot.h"

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Interned strings: equal ones are equal pointers, so most calls end at the first line. */
static int compare_text(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

static const char *module_identity(const struct frame *frame)
{
	return frame->build_id ? frame->build_id : frame->module;
}

/*
 * Equal for frames that a reader could not tell apart. Addresses only count where
 * there is no module to place them in: the same file may be mapped twice.
 */
static int compare_frames(const struct frame *a, const struct frame *b)
{
	int order = compare_text(a->function, b->function);

	if (!order)
		order = compare_text(module_identity(a), module_identity(b));
	if (!order)
		order = compare_u64(a->offset, b->offset);
	if (!order)
		order = compare_text(a->file, b->file);
	if (!order)
		order = compare_u64(a->line, b->line);
	if (!order)
		order = compare_u64(a->inlined, b->inlined);
	if (!order && !module_identity(a))
		order = compare_u64(a->ip, b->ip);
	return order;
}

int finding_compare_places(const struct finding *a, const struct finding *b)
{
	int order = compare_u64(a->site->kind, b->site->kind);

	if (!order)
		order = compare_u64(a->site->role, b->site->role);
	if (!order)
		order = compare_u64(a->site->leak_class, b->site->leak_class);
	for (uint32_t i = 0; !order && i < a->frame_count && i < b->frame_count; i++)
		order = compare_frames(&a->frames[i], &b->frames[i]);
	if (!order)
		order = compare_u64(a->frame_count, b->frame_count);
	return order;
}

int finding_compare_sites(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = finding_compare_places(a, b);

	return order ? order : (a->site > b->site) - (a->site < b->site);
}

int finding_compare_groups(const struct finding *a, const struct finding *b)
{
	int order = compare_u64(a->site->kind, b->site->kind);

	return order ? order : compare_u64(a->site->leak_class, b->site->leak_class);
}

static int compare_bytes(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = finding_compare_groups(a, b);

	if (!order)
		order = compare_u64(b->live_bytes + b->held_bytes, a->live_bytes + a->held_bytes);
	if (!order)
		order = compare_u64(b->live_count, a->live_count);
	return order ? order : compare_u64(a->place, b->place);
}

static int compare_counts(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = finding_compare_groups(a, b);

	if (!order)
		order = compare_u64(b->live_count, a->live_count);
	return order ? order : compare_bytes(a, b);
}

static int compare_ages(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = finding_compare_groups(a, b);

	if (!order)
		order = compare_u64(b->oldest_age_ns, a->oldest_age_ns);
	return order ? order : compare_bytes(a, b);
}

int (*const finding_orders[])(const void *, const void *) = {
	[SORT_BYTES] = compare_bytes,
	[SORT_COUNT] = compare_counts,
	[SORT_AGE] = compare_ages,
};
