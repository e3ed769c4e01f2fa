/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Probe placement on snippets of assembly, one for each rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trace/place.h"

#define START 0x401000

#define SNIPPET(name, text)                                                                        \
	__asm__(".pushsection .rodata\n" #name ":\n" text "\n" #name                               \
		"_end: .byte 0\n.popsection\n");                                                   \
	extern const uint8_t name[], name##_end[]

/* Places found. */
SNIPPET(endbr_push, "endbr64; push %rbp; pop %rbp; ret");
SNIPPET(test_je, "test %rdi,%rdi; je 1f; push %rbp; pop %rbp; 1: ret");
SNIPPET(push_first, "push %rbp; pop %rbp; ret");
SNIPPET(push_high, "endbr64; push %r12; pop %r12; ret");
SNIPPET(short_nop, "endbr64; .byte 0x66,0x90; ret");
SNIPPET(long_nop, "nopl 0(%rax); push %rbx; pop %rbx; ret");
SNIPPET(call_place, "endbr64; call 1f; 1: ret");
SNIPPET(far_branch, "test %rdi,%rdi; jne 1f; ret; .fill 200,1,0x90; 1: ret");
SNIPPET(thunk, "jmp 1f; .fill 200,1,0xcc; 1: ret");
SNIPPET(other_registers, "mov %rdi,%rax; mov 8(%rdi),%r10; xor %ecx,%ecx; je 1f; 1: ret");

/* The stack pointer or an argument changes first. */
SNIPPET(moves_argument, "mov %rsi,%rdi; push %rbp; pop %rbp; ret");
SNIPPET(clears_half, "xor %edi,%edi; push %rbp; pop %rbp; ret");
SNIPPET(writes_high_byte, "mov $1,%dh; push %rbp; pop %rbp; ret");
SNIPPET(implicit_write, "mul %rsi; push %rbp; pop %rbp; ret");
SNIPPET(moves_stack, "sub $8,%rsp; push %rbp; pop %rbp; add $8,%rsp; ret");
SNIPPET(push_constant, "push $1; push %rbp; pop %rbp; pop %rax; ret");
SNIPPET(push_wide, ".byte 0x48,0x55; push %rbx; pop %rbx; pop %rbp; ret");
SNIPPET(no_place, "test %rdi,%rdi; mov %rdi,%rax");

/* The code divides first. */
SNIPPET(returns_first, "xor %eax,%eax; ret; push %rbp");
SNIPPET(jumps_first, "xor %eax,%eax; jmp *%rax; push %rbp");
SNIPPET(loops_first, "xor %eax,%eax; loop 1f; 1: push %rbp; pop %rbp; ret");
SNIPPET(calls_first, "xor %eax,%eax; call *(%rdi); push %rbp; pop %rbp; ret");

/* Something jumps behind the entry. */
SNIPPET(jump_back, "test %rdi,%rdi; 1: je 2f; dec %rdi; jmp 1b; 2: ret");
SNIPPET(jump_between, "test %rdi,%rdi; 1: xor %eax,%eax; push %rbp; pop %rbp; jmp 1b; ret");
SNIPPET(jump_to_entry, "1: test %rdi,%rdi; je 2f; dec %rdi; jmp 1b; 2: ret");
SNIPPET(jump_after, "test %rdi,%rdi; je 2f; 1: dec %rdi; jne 1b; 2: ret");
SNIPPET(far_jump, "test %rdi,%rdi; 1: je 2f; 2: ret; .fill 300,1,0x90; jmp 1b");
SNIPPET(far_call, "test %rdi,%rdi; 1: je 2f; 2: ret; .fill 300,1,0x90; call 1b");
SNIPPET(far_jcc, "test %rdi,%rdi; 1: je 2f; 2: ret; .fill 300,1,0x90; ja 1b");
SNIPPET(far_entry, "1: test %rdi,%rdi; je 2f; 2: ret; .fill 300,1,0x90; jmp 1b");
SNIPPET(from_before, "jne 1f; ret; .fill 5,1,0xcc; test %rdi,%rdi; 1: je 2f; 2: ret");
SNIPPET(from_far_before, "jne 1f; ret; .fill 200,1,0xcc; test %rdi,%rdi; 1: je 2f; 2: ret");
/* The constant holds eb fb: read from its second byte, a jump to the je. */
SNIPPET(looks_like_jump, "test %rdi,%rdi; je 2f; mov $0xfbeb,%eax; 2: ret");

/* Jump tables. */
SNIPPET(jump_table, "test %rdi,%rdi; je 1f; jmp *0(,%rdi,8); 1: ret");
SNIPPET(jump_register, "test %rdi,%rdi; je 1f; jmp *%rax; 1: ret");
SNIPPET(jump_register_no_track, "test %rdi,%rdi; je 1f; notrack jmp *%rax; 1: ret");
SNIPPET(table_after_push, "push %rbp; pop %rbp; jmp *0(,%rdi,8)");
SNIPPET(tail_call, "test %rdi,%rdi; je 1f; jmp *0x1000(%rip); 1: ret");

/* No place at all. */
SNIPPET(locked, "lock incl (%rdi); sub $8,%rsp; add $8,%rsp; ret");
SNIPPET(locked_then_push, "lock incl (%rdi); push %rbp; pop %rbp; ret");
SNIPPET(segment_prefix, ".byte 0x3e; mov %rax,(%rdi); sub $8,%rsp; add $8,%rsp; ret");
SNIPPET(undecoded, ".byte 0x06; push %rbp; pop %rbp; ret");
SNIPPET(cut_off, "test %rdi,%rdi; .byte 0xe8,0,0");

#define WHOLE UINT64_MAX

struct place_case {
	const char *name;
	const uint8_t *bytes;
	const uint8_t *end;
	unsigned entry; /* offset of the function */
	uint64_t size;	/* of the function; WHOLE: to the snippet's end */
	unsigned arguments;
	unsigned expected; /* offset from the entry */
	enum place_reason reason;
};

#define CASE_AT(name, entry, size, arguments, expected, reason)                                    \
	{                                                                                          \
#name, name, name##_end, entry, size, arguments, expected, reason                  \
	}
#define FOUND(name, arguments, expected)                                                           \
	CASE_AT(name, 0, WHOLE, arguments, expected, PLACE_EMULATED)
#define REFUSED(name, arguments, reason) CASE_AT(name, 0, WHOLE, arguments, 0, reason)

static const struct place_case cases[] = {
	FOUND(endbr_push, 1, 4),
	FOUND(test_je, 1, 3),
	FOUND(push_first, 1, 0),
	FOUND(push_high, 3, 4),
	FOUND(short_nop, 1, 4),
	FOUND(long_nop, 1, 3),
	FOUND(call_place, 1, 4),
	FOUND(far_branch, 1, 3),
	FOUND(thunk, 6, 0),
	FOUND(other_registers, 3, 9),
	REFUSED(other_registers, 4, PLACE_NO_EMULATED),
	REFUSED(moves_argument, 1, PLACE_NO_EMULATED),
	FOUND(moves_argument, 0, 3),
	REFUSED(clears_half, 1, PLACE_NO_EMULATED),
	REFUSED(writes_high_byte, 3, PLACE_NO_EMULATED),
	FOUND(writes_high_byte, 2, 2),
	REFUSED(implicit_write, 3, PLACE_NO_EMULATED),
	FOUND(implicit_write, 2, 3),
	REFUSED(moves_stack, 0, PLACE_NO_EMULATED),
	REFUSED(push_constant, 0, PLACE_NO_EMULATED),
	REFUSED(push_wide, 0, PLACE_NO_EMULATED),
	REFUSED(no_place, 1, PLACE_NO_EMULATED),
	REFUSED(returns_first, 0, PLACE_BRANCH_BEFORE),
	REFUSED(jumps_first, 0, PLACE_BRANCH_BEFORE),
	REFUSED(loops_first, 0, PLACE_BRANCH_BEFORE),
	REFUSED(calls_first, 0, PLACE_BRANCH_BEFORE),
	REFUSED(jump_back, 1, PLACE_JUMP_TARGET),
	REFUSED(jump_between, 1, PLACE_JUMP_TARGET),
	FOUND(jump_to_entry, 1, 3),
	FOUND(jump_after, 1, 3),
	CASE_AT(jump_back, 0, 0, 1, 0, PLACE_JUMP_TARGET),
	CASE_AT(far_jump, 0, 6, 1, 0, PLACE_JUMP_TARGET),
	CASE_AT(far_call, 0, 6, 1, 0, PLACE_JUMP_TARGET),
	CASE_AT(far_jcc, 0, 6, 1, 0, PLACE_JUMP_TARGET),
	CASE_AT(far_entry, 0, 6, 1, 3, PLACE_EMULATED),
	CASE_AT(from_before, 8, WHOLE, 1, 0, PLACE_JUMP_TARGET),
	CASE_AT(from_far_before, 207, WHOLE, 1, 0, PLACE_JUMP_TARGET),
	FOUND(looks_like_jump, 1, 3),
	CASE_AT(looks_like_jump, 0, 0, 1, 0, PLACE_JUMP_TARGET),
	REFUSED(jump_table, 1, PLACE_INDIRECT_JUMP),
	REFUSED(jump_register, 1, PLACE_INDIRECT_JUMP),
	REFUSED(jump_register_no_track, 1, PLACE_INDIRECT_JUMP),
	CASE_AT(jump_table, 0, 0, 1, 0, PLACE_INDIRECT_JUMP),
	CASE_AT(jump_table, 0, 100000, 1, 0, PLACE_INDIRECT_JUMP),
	FOUND(table_after_push, 1, 0),
	FOUND(tail_call, 1, 3),
	REFUSED(locked, 0, PLACE_UNPROBEABLE),
	FOUND(locked_then_push, 1, 3),
	REFUSED(segment_prefix, 0, PLACE_UNPROBEABLE),
	REFUSED(undecoded, 0, PLACE_UNDECODED),
	REFUSED(cut_off, 1, PLACE_UNDECODED),
	CASE_AT(test_je, 0, 3, 1, 0, PLACE_NO_EMULATED),
	CASE_AT(test_je, 0, 4, 1, 0, PLACE_UNDECODED),
};

/* A copy without a byte to spare, so that a read beyond it is noticed under a sanitizer. */
static uint8_t *copy_of(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size);

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	return copy;
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct place_case *c = &cases[i];
		size_t size = (size_t)(c->end - c->bytes);
		uint8_t *code = copy_of(c->bytes, size);
		struct place_request request = { START + c->entry,
						 c->size == WHOLE ? size - c->entry : c->size,
						 c->arguments };
		struct placement placement;

		assert_int_equal(place_probes(code, START, size, &request, 1, &placement), 0);
		if (placement.reason != c->reason ||
		    placement.address != START + c->entry + c->expected ||
		    placement.emulated != (c->reason == PLACE_EMULATED))
			fail_msg("%s (case %zu): %s, +%d", c->name, i,
				 place_reason_text(placement.reason),
				 (int)(placement.address - START - c->entry));
		free(code);
	}
}

SNIPPET(three, "test %rdi,%rdi; 1: je 2f; 2: ret; .fill 10,1,0xcc;"
	       "push %rbx; pop %rbx; ret; .fill 13,1,0xcc;"
	       "endbr64; push %rbx; pop %rbx; jmp 1b");

/* Several requests in one pass, in no order, one of them twice with other arguments. */
static void test_many(void **state)
{
	const struct place_request requests[] = {
		{ START + 32, 8, 2 }, { START, 6, 1 },		 { START + 16, 3, 3 },
		{ START, 6, 2 },      { START + 0x10000, 6, 2 }, { START - 1, 6, 2 },
	};
	const uint64_t expected[] = { START + 36, START,	   START + 16,
				      START,	  START + 0x10000, START - 1 };
	const enum place_reason reasons[] = {
		PLACE_EMULATED,	   PLACE_JUMP_TARGET, PLACE_EMULATED,
		PLACE_JUMP_TARGET, PLACE_UNDECODED,   PLACE_UNDECODED
	};
	struct placement placements[6];
	size_t size = (size_t)(three_end - three);
	uint8_t *code = copy_of(three, size);

	(void)state;
	assert_int_equal(place_probes(code, START, size, requests, 6, placements), 0);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(placements[i].address, expected[i]);
		assert_int_equal(placements[i].reason, reasons[i]);
	}
	free(code);
}

/* Who enters at the second function does not pass the first one's entry. */
static void test_function_inside(void **state)
{
	const struct place_request requests[] = { { START, 0, 1 }, { START + 3, 0, 1 } };
	struct placement placements[2];
	size_t size = (size_t)(test_je_end - test_je);
	uint8_t *code = copy_of(test_je, size);

	(void)state;
	assert_int_equal(place_probes(code, START, size, requests, 2, placements), 0);
	assert_int_equal(placements[0].address, START);
	assert_int_equal(placements[0].reason, PLACE_NO_EMULATED);
	assert_int_equal(placements[1].address, START + 3);
	assert_int_equal(placements[1].reason, PLACE_EMULATED);
	free(code);
}

/* Of unknown size: no further than 64 bytes, jump tables up to the next function only. */
static void test_unknown_size(void **state)
{
	uint8_t code[128];
	struct place_request requests[] = { { START, 0, 1 }, { START + 100, 0, 1 } };
	struct placement placements[2];

	(void)state;
	memset(code, 0xf8, sizeof(code)); /* clc */
	code[63] = 0x50;
	code[100] = 0xff; /* jmp *%rax */
	code[101] = 0xe0;
	assert_int_equal(place_probes(code, START, 128, requests, 2, placements), 0);
	assert_int_equal(placements[0].address, START + 63);
	assert_int_equal(placements[1].reason, PLACE_BRANCH_BEFORE);
	assert_int_equal(place_probes(code, START, 128, requests, 1, placements), 0);
	assert_int_equal(placements[0].reason, PLACE_INDIRECT_JUMP);
	code[63] = 0xf8;
	code[64] = 0x50;
	assert_int_equal(place_probes(code, START, 128, requests, 2, placements), 0);
	assert_int_equal(placements[0].reason, PLACE_NO_EMULATED);
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(place_probes(push_first, START, 1, NULL, 0, NULL), 0);
	for (int reason = PLACE_EMULATED; reason <= PLACE_ASKED; reason++)
		assert_true(strlen(place_reason_text(reason)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),		cmocka_unit_test(test_many),
		cmocka_unit_test(test_function_inside), cmocka_unit_test(test_unknown_size),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
