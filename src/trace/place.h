/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a function a probe costs least. A uprobe on an instruction that the
 * kernel emulates costs a twentieth of one that it must single-step, so the place
 * is the first emulated instruction that every call of the function passes exactly
 * once with the stack pointer and the arguments as they were at the entry.
 *
 * Knows code bytes only: no symbols, no files, no BPF.
 */
#ifndef LEAKTRACE_TRACE_PLACE_H
#define LEAKTRACE_TRACE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place_request {
	uint64_t address;	 /* the function's entry */
	uint64_t size;		 /* bytes; 0: unknown */
	unsigned argument_count; /* the probe reads the first so many integer arguments */
};

enum place_reason {
	PLACE_EMULATED,	     /* found; all others: at the entry, because */
	PLACE_NO_EMULATED,   /* the stack pointer or an argument changes first */
	PLACE_JUMP_TARGET,   /* something jumps behind the entry */
	PLACE_INDIRECT_JUMP, /* something may: the function has a jump table */
	PLACE_BRANCH_BEFORE, /* the code divides before there is one */
	PLACE_UNDECODED,     /* bytes that are no known instruction */
	PLACE_UNPROBEABLE,   /* the kernel refuses a probe at the entry, and there is no other place
			      */
	PLACE_ASKED,	     /* the caller wanted the entry */
};

struct placement {
	uint64_t address;
	bool emulated;
	enum place_reason reason;
};

/*
 * Finds the places for `count` functions (in any order) of the executable segment
 * `code`, `size` bytes at virtual address `start`, in one pass over it. Fills
 * `placements`, one for each request. Returns 0 or -ENOMEM.
 *
 * A jump to the place or between it and the entry would make it miss or count
 * twice; jumps are looked for at every byte offset of the segment, so what looks
 * like one but is not makes the place the entry: dearer, never wrong.
 */
int place_probes(const uint8_t *code, uint64_t start, uint64_t size,
		 const struct place_request *requests, size_t count, struct placement *placements);

/* Text for a message: "at an emulated instruction", "at the entry: ...". */
const char *place_reason_text(enum place_reason reason);

#endif
