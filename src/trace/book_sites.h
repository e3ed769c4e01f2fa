/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call sites of books that are kept on this side of the kernel, of mappings and of
 * pages: each stack in each role.
 */
#ifndef LEAKTRACE_TRACE_BOOK_SITES_H
#define LEAKTRACE_TRACE_BOOK_SITES_H

#include <stddef.h>
#include <stdint.h>

#include "model/role.h"

struct site_index;

/* One call site in one role; sums over what it has acquired. */
struct book_site {
	uint64_t tag; /* of the stack */
	uint32_t check;
	enum role role;
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
	uint64_t first_ns; /* CLOCK_MONOTONIC */
	uint64_t last_ns;
};

struct book_sites {
	struct book_site *all;
	size_t count;
	struct site_index *by_key;
};

/* The number of the stack's site, made at first sight. Returns 0 or -ENOMEM. */
int book_sites_find(struct book_sites *sites, uint64_t tag, uint32_t check, enum role role,
		    uint32_t *number);
/* Adds an acquisition. */
void book_site_acquire(struct book_site *site, uint64_t count, uint64_t bytes, uint64_t time_ns);
void book_sites_clear(struct book_sites *sites);

#endif
