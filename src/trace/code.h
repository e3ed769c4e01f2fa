/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine code as probe placement sees it: one file per architecture (code_x86.c)
 * answers, everybody else asks here. Knows bytes only: no symbols, no files, no BPF.
 */
#ifndef LEAKTRACE_TRACE_CODE_H
#define LEAKTRACE_TRACE_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* An executable segment: `bytes` are those at virtual address `start`. */
struct code {
	const uint8_t *bytes;
	uint64_t start;
	uint64_t size;
};

enum code_flow {
	CODE_NEXT,   /* goes on with the next instruction */
	CODE_JUMP,   /* always leaves */
	CODE_BRANCH, /* leaves or goes on */
	CODE_CALL,
	CODE_RETURN,
	CODE_STOP, /* traps */
};

struct code_insn {
	uint64_t next;	 /* the address after it */
	uint64_t target; /* of a direct jump, branch or call; 0: none */
	uint64_t slot; /* of an indirect one: address of the one pointer it goes through; 0: none */
	enum code_flow flow;
	uint32_t arguments_written; /* bit n: the register of integer argument n */
	bool moves_stack;
	bool writes_memory; /* or may do so; other than by push or call */
	bool emulated;	    /* the kernel emulates it under a uprobe, no single step */
	bool unprobeable;   /* the kernel refuses a uprobe on it */
};

/* Instructions of an entry of a procedure linkage table, up to its jump. */
extern const unsigned code_plt_insns;

struct code_decoder;

/* Returns NULL when out of memory. */
struct code_decoder *code_decoder_new(void);
/* Takes NULL. */
void code_decoder_free(struct code_decoder *decoder);

/* Decodes the instruction at `address`; false when there is none, or not all of it, in `code`. */
bool code_decode(struct code_decoder *decoder, const struct code *code, uint64_t address,
		 struct code_insn *insn);

/*
 * The address that a function returns which does nothing else: loads it and returns. 0 when it
 * does more, or is not in `code`.
 */
uint64_t code_returned_address(struct code_decoder *decoder, const struct code *code,
			       uint64_t function);

typedef void (*code_visit)(uint64_t target, void *context);

/*
 * Call `visit` with the target of each direct branch into low..high (inclusive):
 * `far` from anywhere in the code, by the encodings that reach everywhere; `near`
 * by the short ones. Every byte offset counts as a possible instruction, so there
 * may be visits for branches that do not exist, but none is left out.
 */
void code_each_far_branch(const struct code *code, uint64_t low, uint64_t high, code_visit visit,
			  void *context);
void code_each_near_branch(const struct code *code, uint64_t low, uint64_t high, code_visit visit,
			   void *context);

#endif
