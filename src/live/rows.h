/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the table: call sites that pass the filters, put together by what the
 * user groups by, in order. Knows what was seen (growth.h), and no terminal.
 */
#ifndef LEAKTRACE_LIVE_ROWS_H
#define LEAKTRACE_LIVE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct growth;
struct part;
struct frame;

enum row_group {
	GROUP_SITE, /* the same named stack */
	GROUP_FUNCTION,
	GROUP_MODULE,
	GROUP_THREAD, /* the function that the thread began with */
	GROUP_COUNT,
};

enum row_column {
	COLUMN_KIND,
	COLUMN_GROWTH,
	COLUMN_BYTES,
	COLUMN_COUNT,
	COLUMN_CHANGE,
	COLUMN_ACQUIRED,
	COLUMN_RELEASED,
	COLUMN_KEPT,
	COLUMN_AGE,
	COLUMN_NAME,
	COLUMN_MODULE,
	COLUMNS,
};

#define ALL_PROCESSES UINT32_MAX
#define FILTER_BYTES 64

struct row_query {
	enum row_group group;
	enum row_column sort;
	bool reverse;
	bool only_growing;
	uint32_t hidden_kinds;	   /* a bit each */
	uint32_t process;	   /* in the snapshot, or ALL_PROCESSES */
	char filter[FILTER_BYTES]; /* in a function, module or file of the stack; "": all */
};

struct row {
	uint64_t key; /* stays the same from sample to sample */
	uint32_t kind;
	bool counts_only;	   /* its growth and change are numbers, not bytes */
	const struct frame *frame; /* whose name it has; NULL: not known */
	int64_t live_bytes;
	int64_t live_count;
	double growth;	/* per second */
	int64_t change; /* since the mark */
	double acquired_per_s;
	double released_per_s;
	double kept;		 /* part of what was acquired that is still live */
	uint64_t oldest_ns;	 /* 0: not known */
	const struct part *part; /* the one that holds most */
	uint32_t part_count;
	double weight;	   /* for the order by growth: bytes, or what stands for them */
	uint64_t acquired; /* in all */
};

struct rows {
	struct row *rows;
	size_t count;
	size_t hidden_count; /* call sites that the filters leave out */
	uint32_t *slots;     /* hash table of rows, for making them */
	size_t slot_count;
	size_t room;
};

/* Makes the rows anew. Returns 0 or -ENOMEM. */
int rows_make(struct rows *rows, const struct growth *growth, const struct row_query *query);
void rows_clear(struct rows *rows);

/* Calls `visit` for each part that makes up the row with this key. */
void rows_each_part(const struct growth *growth, const struct row_query *query, uint64_t key,
		    void (*visit)(const struct part *part, size_t place, void *context),
		    void *context);

/* "function", "module", ... of a group. */
const char *row_group_name(enum row_group group);

#endif
