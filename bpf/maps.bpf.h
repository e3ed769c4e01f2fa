/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every map and every constant that the loader sets. Sizes of 1 are set by the
 * loader. Weak, so that the linker makes one of each for all entry files.
 */
#ifndef LEAKTRACE_MAPS_BPF_H
#define LEAKTRACE_MAPS_BPF_H

/* clang-format off */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
/* clang-format on */
#include "wire.h"

const volatile u64 session_start_ns __weak; /* CLOCK_MONOTONIC */
const volatile u32 live_buckets __weak = 1;
const volatile u32 site_slots __weak = 1;
const volatile u32 site_shards __weak = 1; /* a power of two */
const volatile u32 stack_frames __weak = WIRE_MAX_FRAMES;
const volatile u32 pid_ns_inum __weak;	     /* leaktrace's own pid namespace */
const volatile bool by_frame_pointer __weak; /* walk stacks so, without tables */
/* A request of so many bytes is expected to fail. */
const volatile u64 huge_bytes __weak = ~0ULL;
const volatile bool follow_children __weak = true;
const volatile bool park_newborn __weak; /* stop children at birth: probes are per process */
const volatile bool empty_probes __weak; /* programs do nothing: for measuring */
const volatile bool trace_fds __weak;
const volatile bool trace_threads __weak;
const volatile bool trace_mappings __weak;
const volatile bool trace_pages __weak;
const volatile u32 huge_pages __weak; /* enum wire_huge */
/* By number; no row: of no interest. */
const volatile struct wire_syscall syscalls[WIRE_SYSCALLS] __weak;

/* Entries of a scope that are its warm-up; those of its first round; how many rounds. */
const volatile u64 scope_warm_up __weak;
const volatile u64 scope_first_round __weak = 1;
const volatile u32 scope_rounds __weak = 1;

/* One of so many bytes is sampled, on average; 0: all are tracked. With tables to look up. */
const volatile u64 sample_bytes __weak;
const volatile u32 sample_logs[WIRE_SAMPLE_LOGS + 1] __weak;
const volatile u32 sample_weights[WIRE_SAMPLE_WEIGHTS + 1] __weak;

u32 next_scope __weak = 1;
/* The next address-space number, for when none was given back. */
u32 next_space __weak = 1;
/* The process whose threads threads_walk() is to tell of. */
u32 walked_pid __weak = 0;

/* Counts who was added to `followed`; from then on all strangers are looked for anew. */
u64 follow_generation __weak = 1;
/*
 * Processes that were not followed, by the low bits of the first namespace's id: id, and above it
 * the generation. They pass the tracepoints that are the whole machine's too, and a look into
 * `followed` is many times as long as one at a word.
 */
#define STRANGERS 4096
u64 strangers[STRANGERS] __weak;

/* Calls of allocator functions that a thread may be inside of at once. */
#define MAX_CALLS 8

struct call {
	u64 stack_pointer; /* at the function's entry: tells calls apart */
	u64 size;
	u64 id;		      /* RESIZE: the old handle; ACQUIRE_OUT: where the new one goes */
	struct wire_live old; /* RESIZE: what the old handle stood for */
	u64 entered_ns;	      /* of a thread's creation */
	u64 inner_id;	      /* last handle acquired by a call inside this one */
	u64 inner_size;
	bool has_old;
	bool has_inner;
	bool is_exempt; /* acquires what need not be given back */
	bool is_passed; /* RESIZE: the new block is not sampled */
	u8 kind;
};

#define WINDOW_BYTES 2048

/* A walk up the stack: the registers of the frame under way, and a copy of its memory. */
struct walk {
	u64 pc;
	u64 frame_pc; /* of the frame last left: `pc`, once a pending return was looked through */
	u64 sp;
	u64 fp;
	u64 link; /* see walk_set_link() */
	u64 window_start;
	u32 window_bytes;
	bool exact_pc; /* the frame was interrupted: its address is no return address */
	u8 window[WINDOW_BYTES];
};

/* A system call under way, as its thread's registers have it. */
struct syscall {
	u64 args[6];
	u64 result;
	u64 ip;
	u64 sp;
	u64 fp;
	u64 link; /* see walk_set_link() */
	u64 brk;  /* the heap segment's end at the entry of brk(2) */
};

/* Scopes that a thread may be inside of at once. */
#define MAX_SCOPES 8

struct open_scope {
	u64 stack_pointer; /* a call's, at its entry; 0: a mark */
	u64 caller;	   /* the return address there */
	u32 id;
	u32 call; /* the function's number + 1 */
};

struct thread {
	u32 space; /* 0: not yet known */
	u32 depth;
	s64 live_change; /* of live bytes, not yet added to the space's */
	s64 live_change_peak;
	s64 lump; /* see peak.bpf.h */
	/* See sample.bpf.h: bytes to the next point, 0: not drawn; the last call not taken. */
	u64 sample_left;
	u64 passed_sp;
	u64 passed_size;
	u64 passed_caller;
	struct call calls[MAX_CALLS];
	u64 returned_sp; /* of the call that returned last */
	struct open_scope scopes[MAX_SCOPES];
	u32 scope_depth;
	bool linking;	/* inside the dynamic linker */
	bool own_files; /* of a process that shares its parent's space: not accounted */
	struct wire_registers leaving; /* at the entry of exit(3); `sp` 0: not there yet */
	struct syscall syscall;
	struct wire_event_map map;     /* scratch */
	struct wire_event_stack stack; /* scratch; per thread, since probes can be preempted */
	struct walk walk;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_FOLLOWED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct wire_follow);
} followed SEC(".maps") __weak;

/*
 * Processes that were sent SIGSTOP by us and not yet SIGCONT; with the process id that the first
 * namespace has for them, 0 when not known. Other leaktraces read it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_FOLLOWED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u32);
} parked SEC(".maps") __weak;

/* Descriptors that a space did not open itself, one bit each. */
struct fd_set {
	u64 count; /* of words that are set; those behind mean nothing */
	u64 words[WIRE_FD_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_SPACES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct fd_set);
} inherited_fds SEC(".maps") __weak;

/* Executables that need no look when they are started again. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct wire_exe);
	__type(value, u32);
} known_exes SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_SPACES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct wire_space);
} spaces SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_SCOPES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct wire_scope_key);
	__type(value, struct wire_scope);
} scopes SEC(".maps") __weak;

/* Numbers of ended and read spaces, to be used again. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, WIRE_SPACES);
	__uint(key_size, 0);
	__uint(value_size, sizeof(u32));
} free_spaces SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct wire_site);
} sites SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct wire_bucket);
} live SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct wire_spill_key);
	__type(value, struct wire_live);
} spill SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_RULES);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct wire_rule);
} rules SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_MAPPINGS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct wire_mapping);
} mappings SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_PC_CACHE);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, u64);
} pc_cache SEC(".maps") __weak;

/* The inner maps, of one chunk each, are made by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, WIRE_CHUNKS);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(key_size, sizeof(u32));
			__uint(value_size, sizeof(struct wire_chunk));
		});
} chunks SEC(".maps") __weak;

/* What reach.bpf.c is to read, and where it puts it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct wire_read);
} reads SEC(".maps") __weak;

/*
 * Threads that were detached or joined and are not known, by when: one may detach itself before
 * the call that creates it has returned.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct wire_spill_key);
	__type(value, u64);
} early_ends SEC(".maps") __weak;

struct read_buffer {
	u8 bytes[WIRE_READ_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct read_buffer);
} read_buffers SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_COUNTERS);
	__type(key, u32);
	__type(value, u64);
} counters SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WIRE_RING_BYTES);
} events SEC(".maps") __weak;

static __always_inline void count(u32 counter)
{
	u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		__sync_fetch_and_add(value, 1);
}

static __always_inline struct wire_probe probe_of(void *ctx)
{
	union {
		u64 cookie;
		struct wire_probe probe;
	} is = { .cookie = bpf_get_attach_cookie(ctx) };

	return is.probe;
}

static __always_inline u32 now_ticks(void)
{
	return (bpf_ktime_get_ns() - session_start_ns) >> WIRE_TICK_SHIFT;
}

#endif
