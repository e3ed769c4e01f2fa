/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loaded BPF programs and their maps. The only module that knows the
 * skeleton; gives out program descriptors, raw records (wire.h) and events.
 */
#ifndef LEAKTRACE_TRACE_TRACER_H
#define LEAKTRACE_TRACE_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/attach_mode.h"
#include "wire.h"

struct parking;
struct tracer;

struct tracer_config {
	enum attach_mode mode; /* not ATTACH_AUTO */
	uint64_t max_live;     /* resources at a time */
	uint64_t max_sites;
	uint32_t max_stack;    /* frames */
	bool by_frame_pointer; /* walk stacks so */
	uint64_t start_ns;     /* CLOCK_MONOTONIC at the session's start */
	bool follow_children;
	bool park_newborn; /* stop children at birth, their probes are not there yet */
	bool empty_probes;
	uint64_t sample_bytes;	 /* heap blocks are sampled, see sample.bpf.h; 0: all are tracked */
	bool scans;		 /* memory is looked into, for what is reachable */
	bool traced[WIRE_KINDS]; /* kinds */
	bool has_calls;		 /* functions are scopes */
	uint64_t scope_warm_up;	 /* entries of a scope that count for nothing; see wire.h */
	uint64_t scope_first_round;
	uint32_t scope_rounds;
};

/*
 * Loads everything, attaches nothing. Returns 0 or -errno: -EPERM without the
 * capabilities, -ENOENT when the kernel has no BTF, -ENOMEM, ... The reason in
 * libbpf's words goes to the log at level 1.
 */
int tracer_new(const struct tracer_config *config, struct tracer **tracer);
/* Takes NULL. */
void tracer_free(struct tracer *tracer);

enum tracer_program {
	TRACER_ACQUIRE,	       /* at entry; at entry and return with ATTACH_SESSION */
	TRACER_ACQUIRE_RETURN, /* -1 with ATTACH_SESSION */
	TRACER_RELEASE,	       /* as all below, not a session: at entry alone */
	TRACER_LIBRARIES,      /* always a single perf uprobe */
	TRACER_FORK,
	TRACER_EXEC,
	TRACER_EXIT,
	TRACER_BORN,
	TRACER_SYSCALL_ENTER, /* -1 when no system call is of interest */
	TRACER_SYSCALL_EXIT,
	TRACER_FILES,	/* -1 without descriptors */
	TRACER_PAGE,	/* -1 without pages */
	TRACER_LEAVING, /* -1, as those that follow, when no memory is looked into */
	TRACER_ENDING,
	TRACER_THREADS,
	TRACER_MEMORY, /* -1 on kernels before 5.18 as well */
	TRACER_MARK,
	TRACER_CALL, /* -1 when no function is to be a scope */
};

int tracer_program_fd(const struct tracer *tracer, enum tracer_program program);

/* Whether this kind is traced; WIRE_CUSTOM: any of a user's. */
bool tracer_traces(const struct tracer *tracer, uint32_t kind);

/* Of a process that has ended and was read. */
void tracer_forget_scope(struct tracer *tracer, const struct wire_scope_key *key);
/* How often a scope was entered. */
uint64_t tracer_scope_entries(const struct tracer *tracer, const struct wire_scope_key *key);

/* Bytes of kernel memory that the tables take. */
uint64_t tracer_memory_bytes(const struct tracer *tracer);

/* Returns a new address-space number or -ENOSPC. */
int tracer_new_space(struct tracer *tracer);
/* Follows a process from now on, flags WIRE_FOLLOW_.... Returns 0 or -errno. */
int tracer_follow(struct tracer *tracer, pid_t pid, uint32_t space, uint32_t flags);
/* Stops following; its space keeps what it has. */
void tracer_unfollow(struct tracer *tracer, pid_t pid);

/* Executables that need no look when they are started: no stop for them. */
int tracer_know_exe(struct tracer *tracer, const struct wire_exe *exe);

/* The processes that are stopped for us. */
struct parking *tracer_parking(struct tracer *tracer);

typedef void (*tracer_handler)(const struct wire_event *event, void *context);

/* Readable when there are events. */
int tracer_event_fd(const struct tracer *tracer);
/* Hands all waiting events to `handler`. Returns their number or -errno. */
int tracer_drain(struct tracer *tracer, tracer_handler handler, void *context);

/* Makes the kernel tell of all open descriptors of followed processes. Returns 0 or -errno. */
int tracer_walk_files(struct tracer *tracer);
/* The threads of a process, in an array to be freed. Returns 0 or -errno. */
int tracer_threads(struct tracer *tracer, pid_t pid, struct wire_thread **threads, size_t *count);
/*
 * Memory of a process by one of its threads. `target` is filled as far as it can be read.
 * Returns the number of bytes, or -errno when not even the first page can be read.
 * -EOPNOTSUPP: the kernel has no program for it.
 */
ssize_t tracer_read_memory(struct tracer *tracer, pid_t tid, uint64_t address, void *target,
			   size_t bytes);

/* The tables as the kernel sees them, changing while we look. */
const struct wire_site *tracer_sites(const struct tracer *tracer, size_t *count);
const struct wire_bucket *tracer_buckets(const struct tracer *tracer, size_t *count);
const struct wire_space *tracer_space(const struct tracer *tracer, uint32_t space);

/* Calls `visit` for what did not fit the buckets. */
void tracer_each_spilled(struct tracer *tracer,
			 void (*visit)(const struct wire_spill_key *key,
				       const struct wire_live *value, void *context),
			 void *context);

/* Empties the tables of a kind whose probes are there no more. */
void tracer_forget_kind(struct tracer *tracer, uint32_t kind);

/* Empties all tables of what belongs to ended spaces, and gives their numbers back. */
void tracer_forget_spaces(struct tracer *tracer, const uint32_t *spaces, size_t count);

/* The unwinder's maps: rules (WIRE_RULES), mappings (WIRE_MAPPINGS), chunks of tables. */
struct wire_rule *tracer_rules(const struct tracer *tracer);
struct wire_mapping *tracer_mappings(const struct tracer *tracer);
int tracer_chunks_fd(const struct tracer *tracer);
/* Publishes the range of mappings that a space has from now on. */
void tracer_set_mappings(struct tracer *tracer, uint32_t space, uint32_t first, uint32_t count);
/* Stacks of the space are told apart by it from now on. */
void tracer_set_generation(struct tracer *tracer, uint32_t space, uint32_t generation);
/* The dynamic linker has done its work, or there is none. */
void tracer_set_linked(struct tracer *tracer, uint32_t space);
/*
 * Descriptors that a space has from before: the number of words, then
 * WIRE_FD_WORDS words, a bit for each. Returns 0 or -errno.
 */
int tracer_set_inherited(struct tracer *tracer, uint32_t space, const uint64_t *words);
/* Forgets all rules by address: addresses have changed their meaning. */
void tracer_clear_pc_cache(struct tracer *tracer);

/* Returns 0 or -errno: then some are missing. */
int tracer_counters(const struct tracer *tracer, uint64_t counters[WIRE_COUNTERS]);

#endif
