/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns what an event means for the books. Ranges as such are ranges.c's. */
#include "trace/space_mappings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/file_text.h"
#include "trace/ranges.h"
#include "util/array.h"
#include "util/hash.h"
#include "util/proc.h"
#include "util/strings.h"

/* A mapping, some bytes of which are still there or may come back. */
struct record {
	struct live_mapping mapping; /* but `start` */
	size_t cut_pieces;	     /* of it, that may come back */
};

/* What a thread's call has cut and may yet give back. */
struct cut {
	uint32_t thread;
	struct range *pieces;
	size_t count;
	UT_hash_handle hh;
};

struct space_mappings {
	struct strings *strings;
	struct ranges *ranges;
	struct book_sites sites;
	struct record *records;
	size_t record_count;
	uint32_t *free_records;
	size_t free_count;
	struct cut *cuts;
	struct cut *cut_now; /* where pieces go that are being cut; NULL: nowhere */
	uint64_t live_bytes;
	uint64_t peak_bytes;
	int error;
};

struct space_mappings *space_mappings_new(struct strings *strings)
{
	struct space_mappings *mappings = calloc(1, sizeof(*mappings));

	if (!mappings)
		return NULL;
	mappings->strings = strings;
	mappings->ranges = ranges_new();
	if (mappings->ranges)
		return mappings;
	free(mappings);
	return NULL;
}

void space_mappings_free(struct space_mappings *mappings)
{
	struct cut *cut, *next;

	if (!mappings)
		return;
	HASH_ITER(hh, mappings->cuts, cut, next)
	{
		HASH_DEL(mappings->cuts, cut);
		free(cut->pieces);
		free(cut);
	}
	ranges_free(mappings->ranges);
	book_sites_clear(&mappings->sites);
	free(mappings->records);
	free(mappings->free_records);
	free(mappings);
}

/* ---- sites and records ----------------------------------------------------- */

static int new_record(struct space_mappings *mappings, uint32_t *result)
{
	if (mappings->free_count) {
		*result = mappings->free_records[--mappings->free_count];
		return 0;
	}
	if (!array_add(&mappings->records, &mappings->record_count, sizeof(*mappings->records)))
		return -ENOMEM;
	*result = mappings->record_count - 1;
	return 0;
}

/* A mapping of which nothing is left, nor can come back, makes room for another. */
static void drop_record(struct space_mappings *mappings, uint32_t number)
{
	const struct record *record = &mappings->records[number];
	uint32_t *slot;

	if (record->mapping.bytes || record->cut_pieces)
		return;
	slot = array_add(&mappings->free_records, &mappings->free_count, sizeof(*slot));
	if (slot)
		*slot = number;
}

static struct book_site *site_of(struct space_mappings *mappings, uint32_t record)
{
	return &mappings->sites.all[mappings->records[record].mapping.site];
}

static void count_live(struct space_mappings *mappings, uint32_t record, int64_t bytes)
{
	mappings->records[record].mapping.bytes += bytes;
	mappings->live_bytes += bytes;
	if (mappings->live_bytes > mappings->peak_bytes)
		mappings->peak_bytes = mappings->live_bytes;
}

static void count_released(struct space_mappings *mappings, const struct range *piece)
{
	struct book_site *site = site_of(mappings, piece->owner);
	uint64_t bytes = piece->end - piece->start;

	count_live(mappings, piece->owner, -(int64_t)bytes);
	site->released_bytes += bytes;
	site->released_count += !mappings->records[piece->owner].mapping.bytes;
}

static void count_restored(struct space_mappings *mappings, const struct range *piece)
{
	struct book_site *site = site_of(mappings, piece->owner);
	uint64_t bytes = piece->end - piece->start;

	site->released_count -= !mappings->records[piece->owner].mapping.bytes;
	site->released_bytes -= bytes;
	count_live(mappings, piece->owner, (int64_t)bytes);
}

/* ---- ranges ---------------------------------------------------------------- */

static void piece_removed(const struct range *piece, void *context)
{
	struct space_mappings *mappings = context;
	struct cut *cut = mappings->cut_now;
	struct range *kept = cut ? array_add(&cut->pieces, &cut->count, sizeof(*kept)) : NULL;

	count_released(mappings, piece);
	if (kept) {
		*kept = *piece;
		mappings->records[piece->owner].cut_pieces++;
	} else {
		drop_record(mappings, piece->owner);
	}
}

static void cut_range(struct space_mappings *mappings, uint64_t start, uint64_t end)
{
	if (ranges_cut(mappings->ranges, start, end, piece_removed, mappings))
		mappings->error = -ENOMEM;
}

static void put_range(struct space_mappings *mappings, const struct range *range)
{
	/* What is there still was unmapped without our seeing it. */
	mappings->cut_now = NULL;
	cut_range(mappings, range->start, range->end);
	if (ranges_put(mappings->ranges, range))
		mappings->error = -ENOMEM;
}

enum role space_mapping_role(const struct wire_event_map *event)
{
	static const enum role roles[] = {
		[WIRE_MAP_HELD] = ROLE_HELD,
		[WIRE_MAP_ALLOCATOR] = ROLE_ALLOCATOR,
		[WIRE_MAP_THREAD_STACK] = ROLE_THREAD_STACK,
		[WIRE_MAP_LINKER] = ROLE_LINKER,
	};

	return roles[event->role & 3];
}

static int find_site(struct space_mappings *mappings, const struct wire_event_map *event,
		     uint32_t *number)
{
	return book_sites_find(&mappings->sites, event->tag, event->check,
			       space_mapping_role(event), number);
}

/* A new mapping of the event's call site. */
static void put_new(struct space_mappings *mappings, const struct wire_event_map *event,
		    uint64_t start, uint64_t bytes, const char *name)
{
	struct range range = { .start = start, .end = start + bytes };
	uint32_t number;

	if (!bytes || range.end < start)
		return;
	if (find_site(mappings, event, &number) || new_record(mappings, &range.owner)) {
		mappings->error = -ENOMEM;
		return;
	}
	mappings->records[range.owner] = (struct record){
		.mapping = { .born_ns = event->head.time_ns, .site = number, .name = name },
	};
	book_site_acquire(&mappings->sites.all[number], 1, bytes, event->head.time_ns);
	put_range(mappings, &range);
	count_live(mappings, range.owner, (int64_t)bytes);
}

/* ---- cuts ------------------------------------------------------------------ */

static struct cut *find_cut(struct space_mappings *mappings, uint32_t thread)
{
	struct cut *cut;

	HASH_FIND(hh, mappings->cuts, &thread, sizeof(thread), cut);
	return cut;
}

static void drop_cut(struct space_mappings *mappings, struct cut *cut)
{
	if (!cut)
		return;
	for (size_t i = 0; i < cut->count; i++) {
		mappings->records[cut->pieces[i].owner].cut_pieces--;
		drop_record(mappings, cut->pieces[i].owner);
	}
	HASH_DEL(mappings->cuts, cut);
	free(cut->pieces);
	free(cut);
}

/*
 * A call may cut twice: mremap(2) its target and its source. Whether a cut belongs to
 * the same call as the one before tells its return, or that the next call maps.
 */
static void on_cut(struct space_mappings *mappings, const struct wire_event_map *event)
{
	uint64_t end = event->start + event->bytes;
	struct cut *cut = find_cut(mappings, event->thread);

	if (!event->continues) {
		drop_cut(mappings, cut);
		cut = NULL;
	}
	if (!cut) {
		cut = calloc(1, sizeof(*cut));
		if (!cut) {
			mappings->error = -ENOMEM;
			return;
		}
		cut->thread = event->thread;
		HASH_ADD(hh, mappings->cuts, thread, sizeof(cut->thread), cut);
		if (!hash_has(cut)) {
			free(cut);
			mappings->error = -ENOMEM;
			return;
		}
	}
	if (!event->bytes) {
		const struct range *range = ranges_next(mappings->ranges, event->start);

		end = range && range->start == event->start ? range->end : event->start;
	}
	mappings->cut_now = cut;
	cut_range(mappings, event->start, end);
	mappings->cut_now = NULL;
	if (!cut->count)
		drop_cut(mappings, cut);
}

static void on_back(struct space_mappings *mappings, const struct wire_event_map *event)
{
	struct cut *cut = find_cut(mappings, event->thread);

	for (size_t i = 0; cut && i < cut->count; i++) {
		count_restored(mappings, &cut->pieces[i]);
		put_range(mappings, &cut->pieces[i]);
	}
	drop_cut(mappings, cut);
}

/* The pieces of the old range go on in the new one, as far as it reaches. */
static void move_pieces(struct space_mappings *mappings, const struct wire_event_map *event,
			const struct cut *cut)
{
	uint64_t old_end = event->old_start + event->old_bytes;

	for (size_t i = 0; cut && i < cut->count; i++) {
		struct range piece = cut->pieces[i];

		if (piece.start < event->old_start || piece.start >= old_end)
			continue;
		piece.start = piece.start - event->old_start + event->start;
		piece.end = piece.end - event->old_start + event->start;
		if (piece.end > event->start + event->bytes)
			piece.end = event->start + event->bytes;
		if (piece.start >= piece.end)
			continue;
		count_restored(mappings, &piece);
		put_range(mappings, &piece);
	}
}

static void on_move(struct space_mappings *mappings, const struct wire_event_map *event)
{
	struct cut *cut = find_cut(mappings, event->thread);

	if (event->keeps_old) {
		put_new(mappings, event, event->start, event->bytes, NULL);
	} else {
		move_pieces(mappings, event, cut);
		if (event->bytes > event->old_bytes)
			put_new(mappings, event, event->start + event->old_bytes,
				event->bytes - event->old_bytes, NULL);
	}
	drop_cut(mappings, cut);
}

static const char *name_of(struct space_mappings *mappings, const struct wire_event_map *event)
{
	char text[FILE_TEXT_BYTES];

	return event->has_file ? strings_intern(mappings->strings, file_text(&event->file, text))
			       : NULL;
}

int space_mappings_event(struct space_mappings *mappings, const struct wire_event_map *event)
{
	mappings->error = 0;
	switch ((enum wire_map_op)event->op) {
	case WIRE_MAP_CUT:
		on_cut(mappings, event);
		break;
	case WIRE_MAP_BACK:
		on_back(mappings, event);
		break;
	case WIRE_MAP_PUT:
		put_new(mappings, event, event->start, event->bytes, name_of(mappings, event));
		drop_cut(mappings, find_cut(mappings, event->thread));
		break;
	case WIRE_MAP_MOVE:
		on_move(mappings, event);
		break;
	case WIRE_MAP_BREAK:
	case WIRE_MAP_DISCARD:
		break;
	}
	return mappings->error;
}

/* ---- reading --------------------------------------------------------------- */

/* A part of the address space without mappings: what we have in it is gone. */
static size_t clear_gap(struct space_mappings *mappings, uint64_t start, uint64_t end,
			uint64_t time_ns)
{
	size_t count = 0;

	for (;;) {
		const struct range *range = ranges_next(mappings->ranges, start);
		uint64_t first, last;

		if (!range || range->start >= end)
			return count;
		first = range->start > start ? range->start : start;
		last = range->end < end ? range->end : end;
		if (mappings->records[range->owner].mapping.born_ns < time_ns) {
			cut_range(mappings, first, last);
			count++;
		}
		start = last;
	}
}

size_t space_mappings_check(struct space_mappings *mappings, const struct proc_map *maps,
			    size_t count, uint64_t time_ns)
{
	uint64_t end = 0;
	size_t gone = 0;

	mappings->cut_now = NULL;
	for (size_t i = 0; i < count; i++) {
		if (maps[i].start > end)
			gone += clear_gap(mappings, end, maps[i].start, time_ns);
		end = maps[i].end;
	}
	return gone + clear_gap(mappings, end, UINT64_MAX, time_ns);
}

const struct book_site *space_mappings_sites(const struct space_mappings *mappings, size_t *count)
{
	*count = mappings->sites.count;
	return mappings->sites.all;
}

/* The first piece of a mapping stands for it; `start` of its record is set as it is met. */
void space_mappings_each(struct space_mappings *mappings,
			 void (*visit)(const struct live_mapping *mapping, void *context),
			 void *context)
{
	const struct range *range;

	for (size_t i = 0; i < mappings->record_count; i++)
		mappings->records[i].mapping.start = 0;
	for (uint64_t address = 0; (range = ranges_next(mappings->ranges, address));
	     address = range->end) {
		struct live_mapping *mapping = &mappings->records[range->owner].mapping;

		if (mapping->start)
			continue;
		mapping->start = range->start;
		visit(mapping, context);
	}
}

void space_mappings_each_range(const struct space_mappings *mappings,
			       void (*visit)(const struct range *range,
					     const struct book_site *site, void *context),
			       void *context)
{
	const struct range *range;

	for (uint64_t address = 0; (range = ranges_next(mappings->ranges, address));
	     address = range->end)
		visit(range, &mappings->sites.all[mappings->records[range->owner].mapping.site],
		      context);
}

uint64_t space_mappings_peak(const struct space_mappings *mappings)
{
	return mappings->peak_bytes;
}
