/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is arm64's own and nothing but data: instructions, rules, control blocks; on any machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* In place of the files for this machine. */
#include "../../src/memory/control_arm64.c"
#undef WORD
#include "../../src/trace/code_arm64.c"
#include "../../src/unwind/rule_arm64.c"

#include "trace/place.h"

#define START 0x400000
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- placement ---------------------------------------------------------------- */

#define CBZ_X0 0xb4000040 /* two instructions on */
#define RETURN 0xd65f03c0
#define CMP_X0_1 0xf100041f
#define MOV_X8_0 0xd2800008

struct place_case {
	const char *name;
	uint32_t words[6];
	int place; /* word */
	enum place_reason reason;
};

static const struct place_case place_cases[] = {
	{ "free's cbz", { CBZ_X0, 0xa9bf7bfd, RETURN }, 0, PLACE_EMULATED },
	{ "bti c; adrp x9", { 0xd503245f, 0x90000009, RETURN }, 1, PLACE_EMULATED },
	{ "mov x8,x0; cmp; tbnz",
	  { 0xaa0003e8, 0xf1000d1f, 0xb7f80040, RETURN, RETURN },
	  2,
	  PLACE_EMULATED },
	{ "ret", { RETURN }, 0, PLACE_EMULATED },
	{ "stp x29,x30,[sp,#-64]!", { 0xa9bc7bfd, CBZ_X0, RETURN, RETURN }, 0, PLACE_NO_EMULATED },
	{ "paciasp", { 0xd503233f, CBZ_X0, RETURN, RETURN }, 0, PLACE_NO_EMULATED },
	{ "mov x9,x30", { 0xaa1e03e9, CBZ_X0, RETURN, RETURN }, 0, PLACE_NO_EMULATED },
	{ "mov x0,x1", { 0xaa0103e0, CBZ_X0, RETURN, RETURN }, 0, PLACE_NO_EMULATED },
	{ "mov w1,#1", { 0x52800021, CBZ_X0, RETURN, RETURN }, 0, PLACE_NO_EMULATED },
	{ "b back to the second",
	  { CMP_X0_1, MOV_X8_0, 0x54000041, 0x17fffffe, RETURN },
	  0,
	  PLACE_JUMP_TARGET },
	{ "br x3", { CMP_X0_1, CBZ_X0, 0xd61f0060, RETURN }, 0, PLACE_INDIRECT_JUMP },
	{ "svc", { 0xd4000001, RETURN }, 0, PLACE_UNPROBEABLE },
	{ "retaa", { 0xd65f0bff }, 0, PLACE_UNPROBEABLE },
	{ "ldr x0,literal", { 0x58000040, RETURN, 0, 0 }, 0, PLACE_UNPROBEABLE },
};

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(place_cases); i++) {
		const struct place_case *row = &place_cases[i];
		const struct place_request request = { START, sizeof(row->words), 2 };
		struct placement placement;

		assert_int_equal(place_probes((const uint8_t *)row->words, START,
					      sizeof(row->words), &request, 1, &placement),
				 0);
		if (placement.reason != row->reason ||
		    placement.address != START + row->place * 4ULL)
			fail_msg("%s: at %#lx: %s", row->name, (unsigned long)placement.address,
				 place_reason_text(placement.reason));
	}
}

/* ---- instructions -------------------------------------------------------------- */

static void decode(const uint32_t *words, size_t count, size_t index, struct code_insn *insn)
{
	const struct code code = { (const uint8_t *)words, START, count * 4 };
	struct code_decoder *decoder = code_decoder_new();

	assert_non_null(decoder);
	assert_true(code_decode(decoder, &code, START + index * 4, insn));
	code_decoder_free(decoder);
}

static void test_plt_slot(void **state)
{
	/* adrp x16, 0x410000; ldr x17, [x16, #24]; add x16, x16, #24; br x17 */
	static const uint32_t words[] = { 0x90000090, 0xf9400e11, 0x91006210, 0xd61f0220 };
	struct code_insn insn;

	(void)state;
	decode(words, COUNT(words), 3, &insn);
	assert_int_equal(insn.flow, CODE_JUMP);
	assert_int_equal(insn.slot, 0x410018);
	assert_int_equal(insn.target, 0);
}

static void test_memory_writes(void **state)
{
	/* str x0,[x1]; ldr x0,[x1]; stp x0,x1,[sp,#16]; prfm; sub sp,sp,#16 */
	static const uint32_t words[] = { 0xf9000020, 0xf9400020, 0xa90107e0, 0xf9800000,
					  0xd10043ff };
	static const bool writes[] = { true, false, false, false, false };
	struct code_insn insn;

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		decode(words, COUNT(words), i, &insn);
		assert_int_equal(insn.writes_memory, writes[i]);
		assert_int_equal(insn.moves_stack, i == 4);
		assert_int_equal(insn.next, START + i * 4 + 4);
	}
}

static void test_returned_address(void **state)
{
	/* adrp x0, 0x402000; add x0, x0, #0x123; ret */
	static const uint32_t address[] = { 0xd0000000, 0x91048c00, RETURN };
	static const uint32_t number[] = { 0xd28009a0, RETURN };
	static const uint32_t more[] = { 0xd28009a0, CBZ_X0, RETURN, RETURN };
	struct code_decoder *decoder = code_decoder_new();
	struct code code = { (const uint8_t *)address, START, sizeof(address) };

	(void)state;
	assert_int_equal(code_returned_address(decoder, &code, START), 0x402123);
	code = (struct code){ (const uint8_t *)number, START, sizeof(number) };
	assert_int_equal(code_returned_address(decoder, &code, START), 77);
	code = (struct code){ (const uint8_t *)more, START, sizeof(more) };
	assert_int_equal(code_returned_address(decoder, &code, START), 0);
	code_decoder_free(decoder);
}

/* ---- rules -------------------------------------------------------------------- */

#define SAVED(at)                                                                                  \
	{                                                                                          \
		.how = CFI_OFFSET, .offset = (at)                                                  \
	}
#define CFA_OF(number, at)                                                                         \
	{                                                                                          \
		.how = CFI_REGISTER, .reg = (number), .offset = (at)                               \
	}

static const struct rule_case {
	const char *name;
	struct cfi_value cfa, fp, link;
	struct wire_rule rule;
} rule_cases[] = {
	{ "entry", CFA_OF(SP, 0), { 0 }, { 0 }, { 0, 0, WIRE_CFA_SP, WIRE_FP_SAME } },
	{ "pair", CFA_OF(SP, 64), SAVED(-64), SAVED(-56), { 64, -8, WIRE_CFA_SP, WIRE_FP_PAIR } },
	{ "frame", CFA_OF(FP, 32), SAVED(-32), SAVED(-24), { 32, -4, WIRE_CFA_FP, WIRE_FP_PAIR } },
	{ "x30 alone",
	  CFA_OF(SP, 16),
	  { 0 },
	  SAVED(-16),
	  { 16, -2, WIRE_CFA_SP, WIRE_FP_LINK_ALONE } },
	{ "array of 64 KB",
	  CFA_OF(SP, 65600),
	  SAVED(-65600),
	  SAVED(-65592),
	  { 65600, -8200, WIRE_CFA_SP, WIRE_FP_PAIR } },
	{ "array of 512 KB",
	  CFA_OF(SP, 524304),
	  SAVED(-524304),
	  SAVED(-524296),
	  { .cfa = WIRE_CFA_UNSUPPORTED } },
	{ "apart", CFA_OF(SP, 64), SAVED(-64), SAVED(-32), { .cfa = WIRE_CFA_UNSUPPORTED } },
	{ "x29 alone", CFA_OF(SP, 64), SAVED(-64), { 0 }, { .cfa = WIRE_CFA_UNSUPPORTED } },
	{ "x0", CFA_OF(0, 64), SAVED(-64), SAVED(-56), { .cfa = WIRE_CFA_UNSUPPORTED } },
	{ "far", CFA_OF(SP, 1L << 32), { 0 }, { 0 }, { .cfa = WIRE_CFA_UNSUPPORTED } },
	{ "_start", CFA_OF(SP, 0), { 0 }, { .how = CFI_UNDEFINED }, { .cfa = WIRE_CFA_OUTERMOST } },
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rule_cases); i++) {
		const struct rule_case *row = &rule_cases[i];
		const struct cfi_cie cie = { .return_register = LINK };
		struct cfi_state row_state = { .cfa = row->cfa };
		struct wire_rule rule;

		row_state.registers[FP] = row->fp;
		row_state.registers[LINK] = row->link;
		rule = rule_of_row(&cie, &row_state);
		/* How far an unsupported one was read is of no interest. */
		if (rule.cfa != row->rule.cfa ||
		    (rule.cfa != WIRE_CFA_UNSUPPORTED && memcmp(&rule, &row->rule, sizeof(rule))))
			fail_msg("%s: cfa %d %+d, fp %d %+d", row->name, rule.cfa, rule.cfa_offset,
				 rule.fp, rule.fp_offset);
	}
}

/* ---- threads ------------------------------------------------------------------ */

static void test_control(void **state)
{
	uint64_t words[8] = { [2] = START + 24, [3] = START + 24, [4] = LOCK_DISTANCE };
	struct control control;

	(void)state;
	assert_true(control_find(words, COUNT(words), START, &control));
	assert_int_equal(control.first, 5);
	assert_int_equal(control.count, 3);
	words[3]++;
	assert_false(control_find(words, COUNT(words), START, &control));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),	      cmocka_unit_test(test_plt_slot),
		cmocka_unit_test(test_memory_writes), cmocka_unit_test(test_returned_address),
		cmocka_unit_test(test_rules),	      cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
