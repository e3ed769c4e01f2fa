/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the BPF programs and the loader share: map records, ring buffer events,
 * probe cookies. Fixed width, sizes asserted. Included by both sides, so it may
 * include nothing of either.
 */
#ifndef LEAKTRACE_WIRE_H
#define LEAKTRACE_WIRE_H

#ifndef __VMLINUX_H__
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
#endif

#include "wire_file.h"

/* A resource kind: one row here, one in model/kind.c, and its probes. */
enum wire_kind {
	WIRE_HEAP,
	WIRE_MMAP,
	WIRE_FD,
	WIRE_THREAD,
	WIRE_PAGES,  /* instead of WIRE_HEAP: memory by the pages that are touched */
	WIRE_CUSTOM, /* from here on a user's own */
	WIRE_KINDS = 20,
};

/*
 * Times are ticks of 2^20 ns (about 1.05 ms) since the session's start: 32 bits
 * of them last 52 days.
 */
#define WIRE_TICK_SHIFT 20

/* ---- probe cookies ------------------------------------------------------- */

/* What a probed function does with a resource. */
enum wire_op {
	WIRE_ACQUIRE,	  /* returns the handle */
	WIRE_ACQUIRE_OUT, /* stores the handle through argument `id_arg` */
	WIRE_ACQUIRE_ARG, /* the handle is argument `id_arg` itself */
	WIRE_RESIZE,	  /* takes the handle in `id_arg`, returns a new one */
	WIRE_RELEASE_IF,  /* takes the handle in `id_arg`, if the call succeeds */
	WIRE_RELEASE,	  /* takes the handle in `id_arg` */
	WIRE_LEAVE,	  /* exit(3) begins; no resource is concerned */
	WIRE_END,	  /* _exit(2): the process is at its end, its memory is whole */
	WIRE_CALL,	  /* a function that a user names, by its number in `id_arg` */
	WIRE_MARK_BEGIN,  /* marks: the first argument is the address of a name */
	WIRE_MARK_END,
	WIRE_MARK_POINT,
};

#define WIRE_NO_KIND 0xff

/* By what it returns: when a call has succeeded. */
enum wire_when {
	WIRE_WHEN_NONZERO, /* all 64 bits; the others look at an int */
	WIRE_WHEN_ZERO,
	WIRE_WHEN_NONNEGATIVE,
	WIRE_WHEN_POSITIVE,
	WIRE_WHEN_NOT_MINUS_ONE,
	WIRE_WHEN_ANY,
};

#define WIRE_NO_ARG 0xf
/* RESIZE: the old block is gone even when the call fails (reallocf). */
#define WIRE_RELEASES_ON_FAILURE 0x1
/* ACQUIRE: the size is rounded up to whole pages (pvalloc). */
#define WIRE_SIZE_IN_PAGES 0x2
/* ACQUIRE: throws when it fails. No exception passes a return probe. */
#define WIRE_MAY_THROW 0x4
/* ACQUIRE_...: the size is that of the memory mapping that the handle points into. */
#define WIRE_SIZE_OF_MAPPING 0x8
/* RELEASE_IF: the thread has ended, when it succeeds. */
#define WIRE_JOINS 0x10

/* Arguments are numbered from 0; WIRE_NO_ARG stands for "none". */
struct wire_probe {
	u8 op;
	u8 kind;
	u8 size_args; /* low nibble: size, high nibble: count to multiply it by */
	u8 id_arg;
	u8 flags;
	u8 when;
	/*
	 * Unless this is WIRE_NO_ARG, the argument is 0 or the address of a structure: a call
	 * with bit 0 of the int at `skip_offset` in it set acquires nothing (a detached thread).
	 */
	u8 skip_arg;
	u8 skip_offset;
};

/* ---- system calls -------------------------------------------------------- */

/* What a system call does with a resource. */
enum wire_syscall_op {
	WIRE_SYSCALL_NONE,
	WIRE_FD_RESULT,	  /* returns a new descriptor */
	WIRE_FD_PAIR,	  /* stores two ints through argument `arg` */
	WIRE_FD_MESSAGE,  /* struct msghdr in argument `arg`: descriptors may be in it */
	WIRE_FD_MESSAGES, /* array of struct mmsghdr in argument `arg`, the result is their number
			   */
	WIRE_FD_DUP,	  /* fcntl: returns a new descriptor with some commands */
	WIRE_FD_BPF,	  /* bpf: returns a new descriptor with some commands */
	WIRE_FD_DUP2,	  /* the new descriptor is argument 1: what it was is closed */
	WIRE_FD_CLOSE,
	WIRE_FD_CLOSE_RANGE,
	WIRE_MAP,
	WIRE_UNMAP,
	WIRE_REMAP,
	WIRE_SHM_ATTACH,
	WIRE_SHM_DETACH,
	WIRE_BRK,
	WIRE_DISCARD, /* madvise: pages may be given back */
};

/* Row of the table by system call number. */
struct wire_syscall {
	u8 op;
	u8 arg;
};

#define WIRE_SYSCALLS 512

/* ---- live table ---------------------------------------------------------- */

/*
 * A flat table of 192-byte buckets: a key may be in either of two buckets, or,
 * when both are full, in a small hash map. `spilled` counts the keys whose first
 * bucket this is and that are elsewhere, so that most look-ups touch one bucket.
 *
 * key: bit 63 busy (being written), bits 62..60 kind, bits 59..45 space, bits 44..0
 * address >> 3, or the number of a descriptor. What does not fit (an odd address, a
 * kind of a larger number) goes to the hash map.
 */
#define WIRE_BUCKET_KEYS 7
#define WIRE_KEY_BUSY (1ULL << 63)
#define WIRE_KEY_KIND_SHIFT 60
#define WIRE_KEY_KINDS 8
#define WIRE_KEY_SPACE_SHIFT 45
#define WIRE_KEY_SPACE_MASK 0x7fff
#define WIRE_KEY_ID_SHIFT 3
#define WIRE_KEY_ID_MASK ((1ULL << WIRE_KEY_SPACE_SHIFT) - 1)

struct wire_live {
	u64 size;
	u32 site; /* index into the site table */
	u32 born; /* ticks */
};

struct wire_bucket {
	u64 spilled;
	u64 keys[WIRE_BUCKET_KEYS];
	struct wire_live values[WIRE_BUCKET_KEYS];
	u64 unused[2];
};

static inline u32 wire_scale(u64 hash, u32 buckets)
{
	return ((hash >> 32) * buckets) >> 32;
}

/* Neighbours in memory are neighbours here: so many bytes of addresses share so many buckets. */
#define WIRE_NEAR_BYTES 8192
#define WIRE_NEAR_BUCKETS 64

static inline u32 wire_first_bucket(u64 key, u32 buckets)
{
	u32 index = wire_scale((key >> 10) * 0x9e3779b97f4a7c15ULL, buckets) +
		    ((key >> 4) & (WIRE_NEAR_BUCKETS - 1));

	return index < buckets ? index : index - buckets;
}

struct wire_spill_key {
	u64 id;
	u32 space;
	u32 kind;
};

/* ---- site table ---------------------------------------------------------- */

/*
 * One line of an open-addressed table. A site is (address space, kind, stack, scope);
 * `tag` is its 64-bit hash and `check` a second, independent one. The same site
 * may stand in several lines (one per shard of CPUs, or after a race): readers
 * add them up.
 */
struct wire_site {
	u64 tag; /* 0: free, WIRE_SITE_BUSY: being written */
	u64 acquired_count;
	u64 acquired_bytes;
	u64 released_count;
	u64 released_bytes;
	u32 space;
	u32 check;
	u32 first; /* ticks, first and last acquisition */
	u32 last;
	u32 lost; /* acquisitions that found the live table full */
	u16 kind;
	u16 stack_sent;
};

#define WIRE_SITE_BUSY 1ULL
#define WIRE_SITE_PROBES 32
/*
 * Lines behind the table, for sites without a stack: what finds the table full is
 * counted there, so that totals stay true.
 */
#define WIRE_FALLBACK_SITES 4096
/* Set in every tag, so that none equals 0 or WIRE_SITE_BUSY. */
#define WIRE_SITE_USED 2ULL

/* ---- sampling: see sample.bpf.h -------------------------------------------- */

/* Counts of blocks that stand for others are in parts of 1 << WIRE_SAMPLE_SHIFT. */
#define WIRE_SAMPLE_SHIFT 10
#define WIRE_SAMPLE_LOGS 256 /* rows of -ln(x), x from 1/2 to 1, in 2^-24 */
/* Rows of y / (1 - e^-y), in 2^-24, so many to a step of 1 in y. */
#define WIRE_SAMPLE_STEPS 64
#define WIRE_SAMPLE_WEIGHTS 1024
#define WIRE_SAMPLE_BYTES_MAX (1ULL << 30)
/* What a wrapper of an allocator adds to a request, at most. */
#define WIRE_SAMPLE_PASSED_MORE 64

/* ---- per address space --------------------------------------------------- */

#define WIRE_SPACES 32768 /* numbers in use at once, 0 is none */
/* Of a process's addresses: 47 on x86-64. */
#define WIRE_ADDRESS_BITS 48

/* Live bytes are kept for the peak alone; totals are sums over sites. */
struct wire_space {
	s64 live_bytes;
	s64 peak_bytes;
	u64 unmatched_releases;
	u64 mappings;	/* wire_mappings_pack(); 0: none yet */
	u64 generation; /* +1 whenever code went away: its addresses may be another's next */
	s64 brk_bytes;	/* growth of the heap segment */
	u16 linking;	/* the dynamic linker has not loaded the libraries yet */
	u16 thread_record_bytes; /* see task_handle() of arch_arm64.bpf.h */
	u32 scope;		 /* of threads that are in none of their own; see below */
	/* Sampling of pages, see page.bpf.h; races cost a sample. */
	u32 page_window;
	u16 page_count;
	u16 page_shift;
};

/* ---- scopes -------------------------------------------------------------- */

/*
 * A stretch of a program that has a name. Its id is its number and, in the low bits, a round:
 * 0 while it warms up, then rounds of entries, each twice as long as the one before.
 */
#define WIRE_SCOPE_NAME 64
#define WIRE_SCOPE_ROUND_BITS 4
#define WIRE_SCOPE_ROUNDS 15
#define WIRE_SCOPE_NUMBERS (1u << 20)
#define WIRE_SCOPES_MAX 65536
/* Functions whose calls are scopes. */
#define WIRE_CALLS_MAX 64

struct wire_scope_key {
	u64 name; /* hash of a mark's; a function's number */
	u32 space;
	u32 is_call;
};

struct wire_scope {
	u64 entries;
	u32 number; /* from 1 on, of all processes */
	u32 unused;
};

/* ---- events -------------------------------------------------------------- */

enum wire_event_type {
	WIRE_EVENT_STACK,  /* a site was seen for the first time */
	WIRE_EVENT_FORK,   /* a followed process made a child */
	WIRE_EVENT_EXEC,   /* a followed process replaced its address space */
	WIRE_EVENT_EXIT,   /* the last thread of a followed process ended */
	WIRE_EVENT_LIBS,   /* a followed process changed its list of libraries */
	WIRE_EVENT_BORN,   /* a followed child makes its first step (see parking) */
	WIRE_EVENT_MAP,	   /* a memory mapping came or went */
	WIRE_EVENT_TASK,   /* a thread began or ended */
	WIRE_EVENT_FILES,  /* descriptors of a process follow, each a WIRE_EVENT_FILE */
	WIRE_EVENT_FILE,   /* a descriptor that is open now */
	WIRE_EVENT_PAGE,   /* a page was touched */
	WIRE_EVENT_ENDING, /* a followed process is about to end */
	WIRE_EVENT_SCOPE,  /* a scope was entered for the first time */
};

struct wire_event {
	u32 type;
	u32 space;
	u64 time_ns; /* CLOCK_MONOTONIC */
	u32 pid;     /* process id in leaktrace's own pid namespace */
	u32 parked;  /* nonzero: the process was sent SIGSTOP and waits for SIGCONT */
};

#define WIRE_MAX_FRAMES 127

struct wire_event_stack {
	struct wire_event head;
	u64 tag;
	u32 check;
	u16 kind;
	u16 depth;
	u32 end;   /* enum wire_stack_end */
	u32 scope; /* id, 0: none */
	u32 unused;
	u32 generation;			 /* the space's, directly before the frames */
	u64 frames[WIRE_MAX_FRAMES + 1]; /* return addresses, innermost first */
};

struct wire_event_scope {
	struct wire_event head;
	struct wire_scope_key key;
	u32 number;
	u32 unused;
	char name[WIRE_SCOPE_NAME]; /* of a mark; cut, with a NUL */
};

/* How the walk up a stack ended; a stack's `flags`. */
enum wire_stack_end {
	WIRE_STACK_COMPLETE,	/* at the thread's first function */
	WIRE_STACK_TOO_DEEP,	/* at the limit of frames */
	WIRE_STACK_NO_MAPPING,	/* a return address in no known mapping */
	WIRE_STACK_NO_RULE,	/* code that its file's unwind tables leave out */
	WIRE_STACK_UNSUPPORTED, /* a rule that fits no table row */
	WIRE_STACK_UNREADABLE,	/* memory that could not be read */
	WIRE_STACK_BACKWARDS,	/* a frame not above the one before: no frame at all */
	WIRE_STACK_UNKNOWN,	/* frame pointers do not say */
};

/*
 * Key of the set of executables already looked at. The same file started in another
 * root or mount namespace finds another ld.so, maybe one without our probe.
 */
struct wire_exe {
	u64 inode;
	u64 root_inode;
	u32 dev; /* kernel form, major << 20 | minor */
	u32 root_dev;
	u32 mount_ns;
	u32 unused;
};

struct wire_event_process {
	struct wire_event head;
	u32 parent_pid;
	u32 old_space;	     /* EXEC: the space that ended; FORK: the parent's */
	u32 exit_code;	     /* EXIT: as wait(2) gives it */
	u32 shares_space;    /* FORK with CLONE_VM; EXEC: `old_space` goes on without us */
	struct wire_exe exe; /* EXEC */
	char comm[16];
	u64 peak_rss_pages; /* EXIT: the largest resident set there was */
};

/*
 * Mappings are accounted by user space, exactly and range by range. What a call
 * takes away is told at its entry, since another thread may get the addresses
 * before the call returns; what it brings, at its return.
 */
enum wire_map_op {
	WIRE_MAP_CUT,	  /* [start, start + bytes) goes; bytes 0: the mapping that begins there */
	WIRE_MAP_BACK,	  /* the thread's call failed: what it cut is there after all */
	WIRE_MAP_PUT,	  /* [start, start + bytes) is new */
	WIRE_MAP_MOVE,	  /* the old range is now the new one: mremap */
	WIRE_MAP_DISCARD, /* the range stays, its pages go */
	WIRE_MAP_BREAK,	  /* the heap segment's end moved from `old_start` to `start` */
};

/* Whose mapping it is; by the calls that the thread is inside of. */
enum wire_map_role {
	WIRE_MAP_HELD,
	WIRE_MAP_ALLOCATOR,
	WIRE_MAP_THREAD_STACK,
	WIRE_MAP_LINKER,
};

struct wire_event_map {
	struct wire_event head;
	u64 tag; /* of the stack; PUT and MOVE */
	u32 check;
	u32 thread; /* its id: pairs a cut with what the call came to */
	u64 start;
	u64 bytes;
	u64 old_start;
	u64 old_bytes;
	u8 op;
	u8 role;
	u8 keeps_old; /* MOVE: the old range stays mapped */
	u8 has_file;  /* `file` follows */
	u8 continues; /* CUT: of the same call as the cut before */
	u8 unused[3];
	struct wire_file file;
};

/* Accounted by user space as well: pages go in ranges. */
struct wire_event_page {
	struct wire_event head;
	u64 tag;     /* of the stack */
	u64 address; /* of the page */
	u32 check;
	u16 shift; /* it stands for 1 << shift pages */
	u16 huge;  /* the kernel may have given a huge page */
};

#define WIRE_PAGE_SHIFT 12
#define WIRE_HUGE_SHIFT 21

/* Who gets huge pages without asking for a file system of them. */
enum wire_huge {
	WIRE_HUGE_NEVER,
	WIRE_HUGE_ADVISED,
	WIRE_HUGE_ALWAYS,
};

enum wire_task_state {
	WIRE_TASK_BEGAN,
	WIRE_TASK_ENDED,	  /* by itself */
	WIRE_TASK_ENDED_WITH_ALL, /* with its process */
	WIRE_TASK_JOINED,	  /* by the time of a call that joined it; of `handle` alone */
};

struct wire_event_task {
	struct wire_event head;
	u64 handle; /* its thread pointer, pthread_t in glibc and musl */
	u64 tag;    /* BEGAN: of the stack that made it */
	u32 check;
	u32 tid;
	u32 state;
	u32 unused;
	char comm[16];
};

/* What a thread has at hand beside its memory: pointers that are nowhere else. */
struct wire_registers {
	u64 sp;
	u64 words[31]; /* all others, in no order; 0 where a function's caller keeps none */
};

/* The registers are those at the entry of exit(3), if that led here. */
struct wire_event_ending {
	struct wire_event head;
	u32 tid;
	u32 unused;
	struct wire_registers registers;
};

/* A thread as the walk over all tasks finds it. */
struct wire_thread {
	u32 tid;
	u32 state; /* TASK_... of the kernel's sched.h; running until it has left its processor */
	u32 exit_state; /* EXIT_..., nonzero: it has ended */
	u32 flags;	/* PF_... */
	u32 process;	/* the kernel's own id of it, the same in all namespaces */
	u32 switches;	/* how often it has left its processor */
	u64 thread_pointer;
	u64 signal_stack; /* sigaltstack(2), 0: none */
	struct wire_registers registers;
};

/*
 * A piece of memory that a program reads for us, of a process that is stopped. `error` is
 * nonzero when it cannot be read.
 */
#define WIRE_READ_BYTES (1u << 20)

struct wire_read {
	u64 address;
	u32 bytes;
	int error;
	u32 tid; /* a thread of the process, as leaktrace's own pid namespace has it */
	u32 unused;
};

/* What leads to a descriptor that is found open. */
enum wire_fd_origin {
	WIRE_FD_LIVE,	   /* its opening was seen */
	WIRE_FD_INHERITED, /* open since the space began, or was attached to */
	WIRE_FD_UNSEEN,
};

struct wire_event_file {
	struct wire_event head; /* FILES: what follows replaces what came before */
	u32 fd;			/* FILES: how many are open */
	u32 origin;
	struct wire_file file; /* not with FILES */
};

/* Descriptors of a process that are described; and those that can be told as inherited. */
#define WIRE_FILES_DESCRIBED 4096
#define WIRE_FD_WORDS 512

/* ---- losses and notes ---------------------------------------------------- */

/* Per-CPU counters; the names and what they mean are in model/loss.c. */
enum wire_counter {
	WIRE_LOST_LIVE,		 /* live table full */
	WIRE_LOST_SITES,	 /* site table full */
	WIRE_LOST_EVENTS,	 /* ring buffer full */
	WIRE_LOST_THREADS,	 /* no memory for a thread's state */
	WIRE_LOST_SPACES,	 /* no address-space number left */
	WIRE_LOST_CALLS,	 /* a return without its entry */
	WIRE_MISSED_RELEASES,	 /* an acquired id was live already */
	WIRE_ABANDONED_CALLS,	 /* entered, left by longjmp or an exception */
	WIRE_UNMATCHED_RELEASES, /* of ids acquired before the trace */
	WIRE_CUT_STACKS,	 /* from here on one for each way in which a stack ends too early */
	WIRE_CUT_STACKS_LAST = WIRE_CUT_STACKS + WIRE_STACK_UNKNOWN - WIRE_STACK_TOO_DEEP - 1,
	WIRE_HUGE_REQUESTS, /* to a throwing function, not followed to their return */
	WIRE_COLLISIONS,    /* two stacks, one hash: told apart by `check` */
	WIRE_LOST_SCOPES,   /* too many scopes, or too deep */
	WIRE_COUNTERS,
};

static inline u32 wire_cut_counter(enum wire_stack_end end)
{
	return WIRE_CUT_STACKS + end - WIRE_STACK_TOO_DEEP;
}

static inline int wire_stack_is_cut(enum wire_stack_end end)
{
	return end != WIRE_STACK_COMPLETE && end != WIRE_STACK_UNKNOWN;
}

/* ---- unwind tables --------------------------------------------------------- */

/*
 * What a frame's caller is found by, from the DWARF call frame information of
 * its code (DWARF 5, 6.4): the canonical frame address (CFA), and where the
 * caller's frame pointer (x86-64: rbp, arm64: x29) and the return address are.
 * On x86-64 that is at CFA - 8.
 */
enum wire_cfa {
	WIRE_CFA_NO_RULE,     /* no information for this code */
	WIRE_CFA_UNSUPPORTED, /* information that has no row here */
	WIRE_CFA_OUTERMOST,   /* there is no caller */
	WIRE_CFA_SP,	      /* stack pointer + cfa_offset */
	WIRE_CFA_FP,	      /* frame pointer + cfa_offset */
	/* x86-64 */
	WIRE_CFA_AT_FP,	 /* *(rbp + cfa_offset): the stack was realigned */
	WIRE_CFA_AT_SP,	 /* *(rsp + cfa_offset) */
	WIRE_CFA_PLT,	 /* rsp + 8, + 16 from the 11th byte of 16 on */
	WIRE_CFA_SIGNAL, /* all in a signal frame: rsp at rsp + cfa_offset */
};

enum wire_fp {
	WIRE_FP_SAME, /* arm64: and the return address is in x30 */
	/* x86-64 */
	WIRE_FP_AT_CFA, /* *(CFA + fp_offset) */
	WIRE_FP_AT_FP,	/* *(rbp + fp_offset) */
	/* arm64 */
	WIRE_FP_PAIR,	    /* *(CFA + 8 * fp_offset), behind it the return address */
	WIRE_FP_LINK_ALONE, /* the same, and the return address is *(CFA + 8 * fp_offset) */
};

struct wire_rule {
	int cfa_offset;
	short fp_offset;
	u8 cfa;
	u8 fp;
};

#define WIRE_RULES 65536

/* In the signal frame of x86-64 (struct ucontext), rip and rbp as seen from rsp. */
#define WIRE_SIGNAL_RIP 8
#define WIRE_SIGNAL_RBP (-40)

/*
 * A file's table is words of the pool, from `table` on: for each 256 bytes of
 * text (a granule) the number of the first row in it, one number more, then the
 * rows: low 16 bits of the text offset where a rule begins, 16 bits number of the
 * rule. The pool is of chunks, made as they are needed.
 */
#define WIRE_CHUNK_WORDS (256 * 1024)
#define WIRE_CHUNKS 512
#define WIRE_GRANULE_SHIFT 8

struct wire_chunk {
	u32 words[WIRE_CHUNK_WORDS];
};

/* An executable mapping; those of a space are sorted and stand together. */
struct wire_mapping {
	u64 start;
	u64 end;
	u64 text_offset; /* of `start`, in the text that the table covers; may wrap */
	u32 table;
	u32 granules; /* 0: no table, follow frame pointers */
};

#define WIRE_MAPPINGS (128 * 1024)
#define WIRE_MAPPINGS_PER_SPACE 8192

static inline u64 wire_mappings_pack(u32 first, u32 count)
{
	return (u64)count << 32 | first;
}

/* Rules by (space, address): 16 bits of rule, 48 of key, the rest of which is the place. */
#define WIRE_PC_CACHE 65536

/* ---- maps that the loader fills ------------------------------------------ */

#define WIRE_FOLLOWED_MAX 65536
#define WIRE_RING_BYTES (8u << 20)

/* Value of the map of followed processes, by process id. */
struct wire_follow {
	u32 space;
	u32 flags;
};

/* Made by CLONE_VM: its end does not end the space. */
#define WIRE_FOLLOW_SHARES 0x1
/* SIGSTOP it when its libraries change or it starts a new executable. */
#define WIRE_FOLLOW_PARK 0x2
/* SIGSTOP it at its first step. */
#define WIRE_FOLLOW_NEWBORN 0x4
/* Its descriptors are no other's, though it shares an address space (vfork). */
#define WIRE_FOLLOW_OWN_FILES 0x10
/* SIGSTOP it when it is about to end. */
#define WIRE_FOLLOW_PARK_LAST 0x20
/* WIRE_FOLLOW_PARK from its next executable on. */
#define WIRE_FOLLOW_PARK_NEXT 0x8

_Static_assert(WIRE_SPACES <= WIRE_KEY_SPACE_MASK + 1, "a space fits a key");
_Static_assert(WIRE_KEY_SPACE_SHIFT + WIRE_KEY_ID_SHIFT >= WIRE_ADDRESS_BITS,
	       "an address fits a key");
_Static_assert(sizeof(struct wire_file) == 464, "wire_file");
_Static_assert(sizeof(struct wire_event_map) == 24 + 56 + 464, "wire_event_map");
_Static_assert(sizeof(struct wire_event_task) == 24 + 48, "wire_event_task");
_Static_assert(sizeof(struct wire_event_page) == 24 + 24, "wire_event_page");
_Static_assert(sizeof(struct wire_event_file) == 24 + 8 + 464, "wire_event_file");
_Static_assert(sizeof(struct wire_probe) == 8, "a cookie is 64 bits");
_Static_assert(sizeof(struct wire_live) == 16, "wire_live");
_Static_assert(sizeof(struct wire_bucket) == 192, "wire_bucket");
_Static_assert(sizeof(struct wire_rule) == 8, "wire_rule");
_Static_assert(sizeof(struct wire_mapping) == 32, "wire_mapping");
_Static_assert(sizeof(struct wire_site) == 64, "one cache line");
_Static_assert(sizeof(struct wire_space) == 64, "one cache line");
_Static_assert(sizeof(struct wire_event) == 24, "wire_event");
_Static_assert(sizeof(struct wire_event_scope) == 24 + 16 + 8 + 64, "wire_event_scope");
_Static_assert(sizeof(struct wire_event_stack) == 24 + 32 + 8 * (WIRE_MAX_FRAMES + 1),
	       "wire_event_stack");
_Static_assert(sizeof(struct wire_exe) == 32, "wire_exe");
_Static_assert(sizeof(struct wire_event_ending) == 24 + 8 + 256, "wire_event_ending");
_Static_assert(sizeof(struct wire_thread) == 40 + 256, "wire_thread");
_Static_assert(sizeof(struct wire_event_process) == 24 + 72, "wire_event_process");

#endif
