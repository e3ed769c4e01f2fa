/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at a process's mappings, and what it entails: probes for the allocators
 * in them, unwind tables, the verdict whether it can be measured. The part of
 * following that looks; follow.c decides when.
 */
#ifndef LEAKTRACE_TRACE_SCAN_H
#define LEAKTRACE_TRACE_SCAN_H

#include "trace/attach.h"
#include "trace/follow.h"
#include "util/hash.h"
#include "wire.h"

struct module;

/* A followed process by id; an address space may be shared by several (vfork). */
struct followed {
	uint32_t pid;
	uint32_t space;
	uint32_t owner; /* whose space it shares, 0: it has its own */
	/* The kernel has one figure for all images of a process: what it was when this one came. */
	uint64_t earlier_rss_pages;
	struct links links;	  /* FOLLOW_PROCESSES */
	struct module **attached; /* modules that `links` cover */
	size_t attached_count;
	UT_hash_handle hh;
};

/* The parent of processes that were stopped by us a moment ago, and when last. */
struct parked_child {
	uint32_t parent_pid;
	uint64_t time_ns;
};

struct follower {
	struct follow_config config;
	struct links life;  /* fork, exec, exit */
	struct links files; /* FOLLOW_FILES */
	struct links exact; /* of allocators, when they are probed on demand */
	bool is_exact;
	struct links ended;	     /* of processes that have ended, not yet closed */
	struct parked_child *parked; /* lately, see follower_wake_parents() */
	size_t parked_count;
	uint64_t woken_ns; /* when they were last looked at */
	struct followed *by_pid;
};

/* What a look at a process's mappings finds. */
struct scan {
	struct follower *follower;
	struct followed *process;
	struct wire_mapping *mappings; /* for the unwinder */
	size_t mapping_count;
	bool has_allocator;
	const struct module *first; /* the program's own file, mostly */
	bool has_linker; /* besides it; a static program may have the linker's hook as well */
	bool has_go;
	bool is_foreign;
	int error;
};

/* Attaches a module's probes for every process that maps it, once. Returns 0 or -errno. */
int scan_attach_file(struct follower *follower, struct module *module);

/* On demand: the allocator's probes alone, into `follower->exact`. Returns 0 or -errno. */
int scan_attach_allocator(struct follower *follower, const struct module *module, pid_t pid);

/*
 * Reads the process's mappings and acts on them; `has_libraries`: ld.so has loaded
 * them. Returns 0, -errno of reading, or the first failure to attach.
 */
int scan_process(struct follower *follower, struct followed *process, bool has_libraries,
		 struct scan *scan);

/* A process was stopped: its parent may do as it sees, see follower_wake_parents(). */
void follower_note_parked(struct follower *follower, pid_t pid);

/* Descriptors that a process has open already are from before the trace. Returns 0 or -errno. */
int scan_files(struct follower *follower, pid_t pid, uint32_t space);

#endif
