/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source of both formats: Documentation/admin-guide/mm/pagemap.rst of the kernel. What is
 * swapped out was touched as well.
 */
#include "memory/present.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAGE_BYTES 4096ULL
#define ENTRY_PRESENT (1ULL << 63)
#define ENTRY_SWAPPED (1ULL << 62)
#define ENTRIES 4096

/* Of <linux/fs.h>, which may be older than the kernel. */
struct region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_argument {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t regions;
	uint64_t region_count;
	uint64_t max_pages;
	uint64_t inverted;
	uint64_t all_of;
	uint64_t any_of;
	uint64_t wanted;
};

#define PAGE_PRESENT (1 << 3)
#define PAGE_SWAPPED (1 << 4)
#define SCAN_REQUEST _IOWR('f', 16, struct scan_argument)

void present_open(struct present *present, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)tid);
	*present = (struct present){ .fd = open(path, O_RDONLY | O_CLOEXEC), .has_scan = true };
}

void present_close(struct present *present)
{
	if (present->fd >= 0)
		close(present->fd);
	present->fd = -1;
}

static void add_run(struct present *present, uint64_t start, uint64_t end)
{
	struct page_run *last = present->count ? &present->runs[present->count - 1] : NULL;

	if (last && last->end == start)
		last->end = end;
	else
		present->runs[present->count++] = (struct page_run){ start, end };
}

static bool scan(struct present *present, uint64_t from, uint64_t end)
{
	struct region regions[PRESENT_RUNS];
	struct scan_argument argument = {
		.size = sizeof(argument),
		.start = from,
		.end = end,
		.regions = (uintptr_t)regions,
		.region_count = PRESENT_RUNS,
		.any_of = PAGE_PRESENT | PAGE_SWAPPED,
		.wanted = PAGE_PRESENT | PAGE_SWAPPED,
	};
	int count = ioctl(present->fd, SCAN_REQUEST, &argument);

	if (count < 0)
		return false;
	for (int i = 0; i < count; i++)
		add_run(present, regions[i].start, regions[i].end);
	present->known = count == PRESENT_RUNS ? regions[count - 1].end : end;
	return true;
}

static bool read_entries(struct present *present, uint64_t from, uint64_t end)
{
	uint64_t entries[ENTRIES];
	size_t wanted = (end - from) / PAGE_BYTES < ENTRIES ? (end - from) / PAGE_BYTES : ENTRIES;
	ssize_t got = pread(present->fd, entries, wanted * sizeof(*entries),
			    (off_t)(from / PAGE_BYTES * sizeof(*entries)));
	size_t i;

	if (got < (ssize_t)sizeof(*entries))
		return false;
	for (i = 0; i < (size_t)got / sizeof(*entries) && present->count < PRESENT_RUNS; i++)
		if (entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED))
			add_run(present, from + i * PAGE_BYTES, from + (i + 1) * PAGE_BYTES);
	present->known = from + i * PAGE_BYTES;
	return true;
}

/* What the kernel does not tell of counts as touched. */
static void look(struct present *present, uint64_t from, uint64_t end)
{
	present->count = 0;
	present->next = 0;
	from &= ~(PAGE_BYTES - 1);
	end = (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	if (present->has_scan && scan(present, from, end))
		return;
	present->has_scan = false;
	if (read_entries(present, from, end))
		return;
	add_run(present, from, end);
	present->known = end;
}

bool present_next(struct present *present, uint64_t from, uint64_t end, struct page_run *run)
{
	if (present->fd < 0) {
		*run = (struct page_run){ from, end };
		return from < end;
	}
	while (from < end) {
		while (present->next < present->count && present->runs[present->next].end <= from)
			present->next++;
		if (present->next < present->count) {
			const struct page_run *found = &present->runs[present->next];

			run->start = found->start > from ? found->start : from;
			run->end = found->end < end ? found->end : end;
			if (run->start < run->end)
				return true;
		}
		if (present->known >= end)
			return false;
		if (from < present->known)
			from = present->known;
		look(present, from, end);
	}
	return false;
}
