/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of a process were ever touched. Programs reserve more memory than there is; to
 * read all of that would take hours, and give them pages that they never had.
 */
#ifndef LEAKTRACE_MEMORY_PRESENT_H
#define LEAKTRACE_MEMORY_PRESENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct page_run {
	uint64_t start;
	uint64_t end;
};

#define PRESENT_RUNS 256

struct present {
	int fd;	       /* of /proc/PID/pagemap; -1: everything counts as touched */
	bool has_scan; /* PAGEMAP_SCAN (Linux 6.7) */
	struct page_run runs[PRESENT_RUNS];
	size_t count;
	size_t next;
	uint64_t known; /* up to here */
};

void present_open(struct present *present, pid_t tid);
void present_close(struct present *present);

/*
 * The first run of touched pages in [from, end), in addresses; `from` only grows. Returns
 * false when there is none.
 */
bool present_next(struct present *present, uint64_t from, uint64_t end, struct page_run *run);

#endif
