/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books of one address space's pages: which call site touched each of them first.
 * A page is its site's until it is unmapped or discarded.
 */
#ifndef LEAKTRACE_TRACE_SPACE_PAGES_H
#define LEAKTRACE_TRACE_SPACE_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "trace/book_sites.h"
#include "wire.h"

struct space_pages;

/* Returns NULL when out of memory. */
struct space_pages *space_pages_new(void);
/* Takes NULL. */
void space_pages_free(struct space_pages *pages);

/* Returns 0 or -ENOMEM. */
int space_pages_touched(struct space_pages *pages, const struct wire_event_page *event);
/* A mapping came or went. */
void space_pages_mapped(struct space_pages *pages, const struct wire_event_map *event);
/* A call that began so long ago has returned. */
#define SPACE_PAGES_IN_FLIGHT_NS 50000000ULL

/*
 * What calls have cut before `time_ns` is gone: they have returned by now, and given nothing
 * back.
 */
void space_pages_settle(struct space_pages *pages, uint64_t time_ns);

/* Their counts are of pages; a sampled one counts for all it stands for. */
const struct book_site *space_pages_sites(const struct space_pages *pages, size_t *count);
struct touched_page {
	uint64_t address;
	uint64_t pages;	  /* that it stands for */
	uint64_t born_ns; /* CLOCK_MONOTONIC */
	uint32_t site;
};

/* Calls `visit` for each page that is known. */
void space_pages_each(const struct space_pages *pages,
		      void (*visit)(const struct touched_page *page, void *context), void *context);

#endif
