/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshot: what was acquired and is still held, per process and call site,
 * at one moment. Plain data: it knows neither BPF nor files nor how it is shown.
 * The tracer fills it, symbols/ names its frames, analyze/ judges it, report/
 * shows it, model/recording.c stores and loads it.
 *
 * Every string in it belongs to `strings`: interned, so equal strings are equal
 * pointers, and valid as long as the snapshot.
 */
#ifndef LEAKTRACE_MODEL_SNAPSHOT_H
#define LEAKTRACE_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/kind.h"
#include "model/loss.h"
#include "model/role.h"

struct strings;

/* One line of a named stack. An inlined call gives a frame of its own. */
struct frame {
	uint64_t ip;
	const char *function; /* NULL: unknown */
	const char *symbol;   /* as the file has it, where that is another name; else NULL */
	uint64_t offset; /* from the function's start, or, with no function, module-relative address
			  */
	const char *module;   /* path of the mapped file, NULL: unknown */
	const char *build_id; /* hex, NULL: none */
	const char *file;     /* source file, NULL: unknown */
	uint32_t line;	      /* 0: unknown */
	bool inlined;	      /* expanded from the frame after it */
};

/*
 * `ips` are what was unwound: return addresses, innermost first. `frames` are
 * made of them by symbols/ (inlined calls added), NULL before that.
 */
struct stack {
	uint64_t *ips;
	uint32_t depth;
	bool truncated;
	uint32_t generation; /* of the process's code, see struct mapping */
	struct frame *frames;
	uint32_t frame_count;
};

/* An executable mapping of a process, as it was while the process lived. */
struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t file_offset; /* of `start` */
	uint64_t device;      /* kernel form of /proc/PID/maps: major << 20 | minor */
	uint64_t inode;
	const char *path;      /* as the process sees it; "[vdso]" and the like included */
	const char *open_path; /* where leaktrace can open it, NULL: like `path` */
	const char *build_id;  /* hex, NULL: none or not read */
	/*
	 * A process's code changes by generations; this mapping was there from the first
	 * to the last of these. Like a stack's, not in recordings: names are.
	 */
	uint32_t first_generation;
	uint32_t last_generation;
};

/* One live block, mapping, descriptor, thread. */
struct resource {
	uint64_t id;	  /* address, descriptor number, thread id */
	uint64_t size;	  /* bytes; 0 for kinds without a size */
	uint64_t born_ns; /* since the session's start */
	const char *name; /* what it is: a file's path, a socket's ends, a thread's name; NULL */
};

enum leak_class {
	CLASS_DEFINITE,
	CLASS_INDIRECT,
	CLASS_POSSIBLE,
	CLASS_REACHABLE,
	CLASS_UNCLASSIFIED,
	CLASS_COUNT,
};

/* A bit for each class that is one. */
#define CLASSES_ALL ((1U << CLASS_UNCLASSIFIED) - 1)

struct totals {
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
	uint64_t live_count;
	uint64_t live_bytes;
	uint64_t live_count_error; /* of 95%; 0: exact */
	uint64_t live_bytes_error;
	uint64_t peak_bytes;
};

/* Blocks that only a site's definitely lost ones lead to, by the site they are from. */
struct held {
	uint32_t site; /* index into the process's sites */
	uint64_t count;
	uint64_t bytes;
};

/*
 * A stretch of a program that has a name: between marks, or the calls of a function. What was
 * acquired inside has sites of its own, one for each round of entries: round 0 is the warm-up,
 * each that follows has twice as many entries as the one before, the last no end.
 */
struct scope {
	const char *name;
	uint32_t number;
	bool is_call; /* of a function */
	uint64_t entries;
};

#define SITE_NO_SCOPE UINT32_MAX

struct site {
	enum kind kind; /* index into the snapshot's kinds */
	enum role role; /* of all its live resources */
	enum leak_class leak_class;
	uint32_t stack; /* index into the process's stacks, or SITE_NO_STACK */
	uint32_t scope; /* index into the process's scopes, or SITE_NO_SCOPE */
	uint32_t round; /* of the scope */
	uint64_t acquired_count;
	uint64_t acquired_bytes;
	uint64_t released_count;
	uint64_t released_bytes;
	uint64_t lost_count; /* acquisitions not tracked for want of room */
	uint64_t first_ns;   /* first and last acquisition, since the session's start */
	uint64_t last_ns;
	struct resource *live;
	size_t live_count;
	uint64_t live_bytes;
	struct held *held; /* of CLASS_DEFINITE; largest first */
	size_t held_count;
};

#define SITE_NO_STACK UINT32_MAX

/* Whether the classes of a process's blocks are known. */
enum scan_state {
	SCAN_NONE, /* not asked for, or nothing to look for */
	SCAN_DONE,
	SCAN_FAILED,
};

/* A look into a process's memory. */
struct memory_scan {
	enum scan_state state;
	const char *reason; /* of SCAN_FAILED */
	uint64_t time_ns;   /* since the session's start */
	uint64_t pause_ns;  /* the process was stopped for so long, its own end aside */
	uint64_t bytes;	    /* read */
	uint64_t blocks;    /* looked for */
};

enum process_end {
	PROCESS_RUNNING,
	PROCESS_EXITED,	  /* end_value: status */
	PROCESS_SIGNALED, /* end_value: signal */
	PROCESS_EXECED,	  /* replaced its address space: what it held is gone, no leak */
};

/* One address space: a process from its fork or exec to its exit or next exec. */
struct process {
	uint32_t pid;
	uint32_t ppid;
	uint32_t image; /* 0 after fork, +1 with every exec of this pid */
	const char *comm;
	const char *exe; /* path, NULL: unknown */
	enum process_end end;
	int end_value;
	uint64_t start_ns; /* since the session's start; when we began to look */
	uint64_t end_ns;
	bool measured;		       /* false: no allocator was found in it */
	const char *unmeasured_reason; /* NULL when measured */
	uint64_t unmatched_releases;   /* of resources from before the trace or a parent's */
	int64_t brk_bytes;	       /* growth of the heap segment */
	uint64_t peak_rss_bytes;       /* of one that has ended; 0: unknown */
	struct memory_scan scan;
	struct totals totals[KIND_MAX];
	struct mapping *mappings;
	size_t mapping_count;
	struct stack *stacks;
	size_t stack_count;
	struct site *sites;
	size_t site_count;
	struct scope *scopes;
	size_t scope_count;
};

/* How entries of a scope make rounds. */
struct scope_rounds {
	uint64_t warm_up;
	uint64_t first;
	uint32_t count;
};

struct snapshot {
	struct strings *strings;
	const char *leaktrace_version;
	const char *kernel;   /* uname -r */
	const char **command; /* NULL for -p */
	size_t command_count;
	int64_t started_unix_ns;
	uint64_t duration_ns;
	struct kind_info kinds[KIND_MAX]; /* kind_table, then a user's own */
	bool traced[KIND_MAX];
	size_t kind_count;
	struct process *processes;
	size_t process_count;
	uint64_t losses[LOSS_COUNT];
	struct scope_rounds rounds;
	uint64_t sample_bytes; /* heap blocks are sampled, one point per so many bytes; 0: all are
				  there */
};

/* Returns an empty snapshot, of which heap blocks alone are traced, or NULL when out of memory. */
struct snapshot *snapshot_new(void);
/* Takes NULL. */
void snapshot_free(struct snapshot *snapshot);

/* Adds a zeroed element to the array; returns it (valid until the next call), or NULL. */
struct process *snapshot_add_process(struct snapshot *snapshot);
struct mapping *process_add_mapping(struct process *process);
struct stack *process_add_stack(struct process *process, const uint64_t *ips, uint32_t depth);
struct site *process_add_site(struct process *process);
struct resource *site_add_resource(struct site *site);
struct held *site_add_held(struct site *site);
struct scope *process_add_scope(struct process *process);
/* Frees what a site holds. */
void site_clear(struct site *site);

/* Bytes to a point of the sample that a site's resources are; 0: all of them are there. */
uint64_t site_sample_bytes(const struct site *site, uint64_t snapshot_sample_bytes);

/*
 * Sets the totals of every kind but the peak from the sites. What was there before
 * the trace is no part of them: its sites have no acquisitions. `sample_bytes`: the snapshot's.
 */
void process_sum_totals(struct process *process, uint64_t sample_bytes);

/* "definite", "indirect", ... */
const char *leak_class_name(enum leak_class leak_class);
/* "definitely lost", ..., in Valgrind's words */
const char *leak_class_text(enum leak_class leak_class);

#endif
