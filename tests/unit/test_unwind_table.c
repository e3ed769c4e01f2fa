/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind/table against code whose call frame information is written here. */
#include "unwind_fixture.h"

/* ---- rules ------------------------------------------------------------------- */

static void test_frame_pointer(void **state)
{
	struct unwind *unwind = unwind_assembled(
		*state,
		FUNCTION("f", "", ".cfi_def_cfa_offset 16\n.cfi_offset rbp,-16",
			 ".cfi_def_cfa_register rbp", ".cfi_def_cfa rsp,8\n.cfi_restore rbp"),
		"");

	unwind_assert(unwind, "f", 0, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "f", 1, RULE(SP, 16, AT_CFA, -16));
	unwind_assert(unwind, "f", 2, RULE(FP, 16, AT_CFA, -16));
	unwind_assert(unwind, "f", 3, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "f", 4, NO_RULE);
	unwind_assert(unwind, "f", -1, NO_RULE);
	assert_int_equal(unwind->table->row_count, 5);
	unwind_free(unwind);
}

static void test_remembered(void **state)
{
	struct unwind *unwind = unwind_assembled(
		*state,
		FUNCTION("f", ".cfi_def_cfa_offset 32\n.cfi_offset rbp,-24",
			 ".cfi_remember_state\n.cfi_def_cfa_offset 8\n.cfi_same_value rbp",
			 ".cfi_restore_state", ".cfi_adjust_cfa_offset 8")
			FUNCTION("unpaired", "", ".cfi_def_cfa_offset 16", ".cfi_escape 0x0b",
				 ".cfi_def_cfa_offset 8"),
		"");

	unwind_assert(unwind, "f", 0, RULE(SP, 32, AT_CFA, -24));
	unwind_assert(unwind, "f", 1, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "f", 2, RULE(SP, 32, AT_CFA, -24));
	unwind_assert(unwind, "f", 3, RULE(SP, 40, AT_CFA, -24));
	/* Nothing to restore: what is before that holds, what is behind it does not. */
	unwind_assert(unwind, "unpaired", 1, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "unpaired", 2, UNSUPPORTED);
	unwind_assert(unwind, "unpaired", 3, UNSUPPORTED);
	unwind_free(unwind);
}

static void test_expressions(void **state)
{
	/* 0x0f: CFA is; 0x10, 0x16: a register is at, is. 0x76, 0x77: rbp, rsp +. 6: deref. */
	struct unwind *unwind = unwind_assembled(
		*state,
		FUNCTION("realigned", ".cfi_escape 0x10,6,2,0x76,0",
			 ".cfi_escape 0x0f,3,0x76,0x78,6", ".cfi_escape 0x0f,4,0x76,0x80,0x01,6",
			 ".cfi_escape 0x0f,3,0x77,0x10,6")
			FUNCTION("plt", ".cfi_def_cfa_offset 16",
				 ".cfi_escape "
				 "0x0f,11,0x77,8,0x80,0,0x3f,0x1a,0x3b,0x2a,0x33,0x24,0x22",
				 ".cfi_escape "
				 "0x0f,11,0x77,8,0x80,0,0x3f,0x1a,0x39,0x2a,0x33,0x24,0x22",
				 ".cfi_def_cfa rsp,8")
				FUNCTION("others", ".cfi_escape 0x0f,5,0x77,0x10,6,0x23,8",
					 ".cfi_escape 0x0f,3,0x73,0x10,6",
					 ".cfi_escape 0x0f,2,0x77,0x10", ".cfi_escape 0x0f,0")
					FUNCTION("rbp_others", ".cfi_escape 0x16,6,2,0x76,0",
						 ".cfi_escape 0x10,6,2,0x77,0",
						 ".cfi_escape 0x10,6,3,0x76,0,6",
						 ".cfi_escape 0x10,6,4,0x76,0x80,0x80,0x04"),
		"");

	unwind_assert(unwind, "realigned", 0, RULE(SP, 8, AT_FP, 0));
	unwind_assert(unwind, "realigned", 1, RULE(AT_FP, -8, AT_FP, 0));
	unwind_assert(unwind, "realigned", 2, RULE(AT_FP, 128, AT_FP, 0));
	unwind_assert(unwind, "realigned", 3, RULE(AT_SP, 16, AT_FP, 0));
	unwind_assert(unwind, "plt", 0, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "plt", 1, RULE(PLT, 0, SAME, 0));
	unwind_assert(unwind, "plt", 2, UNSUPPORTED);
	unwind_assert(unwind, "plt", 3, RULE(SP, 8, SAME, 0));
	for (int i = 0; i < 4; i++) {
		unwind_assert(unwind, "others", i, UNSUPPORTED);
		unwind_assert(unwind, "rbp_others", i, UNSUPPORTED);
	}
	unwind_free(unwind);
}

static void test_outermost(void **state)
{
	struct unwind *unwind =
		unwind_assembled(*state,
				 FUNCTION("f", ".cfi_undefined rip", ".cfi_def_cfa rbx,8",
					  ".cfi_offset rip,-8", ".cfi_def_cfa rsp,8"),
				 "");

	unwind_assert(unwind, "f", 0, OUTERMOST);
	unwind_assert(unwind, "f", 1, OUTERMOST);
	unwind_assert(unwind, "f", 2, UNSUPPORTED);
	unwind_assert(unwind, "f", 3, RULE(SP, 8, SAME, 0));
	unwind_free(unwind);
}

static void test_unsupported(void **state)
{
	struct unwind *unwind = unwind_assembled(
		*state,
		FUNCTION("cfa", ".cfi_def_cfa r10,0", ".cfi_def_cfa rsp,0x7fffffff",
			 ".cfi_def_cfa rsp,0x80000000", ".cfi_def_cfa rsp,8")
			FUNCTION("half_cfa", ".cfi_escape 0x0f,3,0x76,0x78,6",
				 ".cfi_escape 0x0e,16", ".cfi_escape 0x0d,7", ".cfi_def_cfa rsp,8")
				FUNCTION("rip", ".cfi_offset rip,-16", ".cfi_register rip,rdx",
					 ".cfi_same_value rip", ".cfi_offset rip,-8")
					FUNCTION("rbp", ".cfi_undefined rbp",
						 ".cfi_register rbp,r9", ".cfi_offset rbp,-32768",
						 ".cfi_offset rbp,-32776")
						FUNCTION("rsp", ".cfi_register rsp,r8",
							 ".cfi_offset rsp,-16",
							 ".cfi_same_value rsp",
							 ".cfi_val_offset rsp,0")
							FUNCTION("column", ".cfi_return_column rdx",
								 "", "", ""),
		"");

	unwind_assert(unwind, "cfa", 0, UNSUPPORTED);
	unwind_assert(unwind, "cfa", 1, RULE(SP, 0x7fffffff, SAME, 0));
	unwind_assert(unwind, "cfa", 2, UNSUPPORTED);
	unwind_assert(unwind, "cfa", 3, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "half_cfa", 0, RULE(AT_FP, -8, SAME, 0));
	unwind_assert(unwind, "half_cfa", 1, UNSUPPORTED);
	unwind_assert(unwind, "half_cfa", 2, UNSUPPORTED);
	unwind_assert(unwind, "half_cfa", 3, RULE(SP, 8, SAME, 0));
	for (int i = 0; i < 3; i++) {
		unwind_assert(unwind, "rip", i, UNSUPPORTED);
		unwind_assert(unwind, "rsp", i, UNSUPPORTED);
	}
	unwind_assert(unwind, "rip", 3, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "rsp", 3, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "column", 0, UNSUPPORTED);
	unwind_assert(unwind, "rbp", 0, UNSUPPORTED);
	unwind_assert(unwind, "rbp", 1, UNSUPPORTED);
	unwind_assert(unwind, "rbp", 2, RULE(SP, 8, AT_CFA, -32768));
	unwind_assert(unwind, "rbp", 3, UNSUPPORTED);
	unwind_free(unwind);
}

static void test_signal_frame(void **state)
{
#define SIGNAL_CFA ".cfi_escape 0x0f,4,0x77,0xa0,0x01,6\n"
#define SIGNAL_RIP ".cfi_escape 0x10,16,3,0x77,0xa8,0x01\n"
#define SIGNAL_RBP ".cfi_escape 0x10,6,3,0x77,0xf8,0x00\n"
#define SIGNAL_RSP ".cfi_escape 0x10,7,3,0x77,0xa0,0x01\n"
	struct unwind *unwind = unwind_assembled(
		*state,
		FUNCTION("handler", ".cfi_signal_frame\n" SIGNAL_CFA SIGNAL_RIP SIGNAL_RBP,
			 SIGNAL_RSP, ".cfi_escape 0x10,7,3,0x77,0xa8,0x01",
			 SIGNAL_RSP ".cfi_escape 0x10,6,3,0x77,0xf0,0x00")
			FUNCTION("no_rip", ".cfi_signal_frame\n" SIGNAL_CFA SIGNAL_RBP, SIGNAL_RIP,
				 ".cfi_escape 0x16,16,3,0x77,0xa8,0x01", ".cfi_undefined rip")
				FUNCTION("call", SIGNAL_CFA SIGNAL_RIP SIGNAL_RBP, "", "", "")
					FUNCTION("plain", ".cfi_signal_frame", "", "", ""),
		"");

	unwind_assert(unwind, "handler", 0, RULE(SIGNAL, 160, SAME, 0));
	unwind_assert(unwind, "handler", 1, RULE(SIGNAL, 160, SAME, 0));
	unwind_assert(unwind, "handler", 2, UNSUPPORTED);
	unwind_assert(unwind, "handler", 3, UNSUPPORTED);
	unwind_assert(unwind, "no_rip", 0, UNSUPPORTED);
	unwind_assert(unwind, "no_rip", 1, RULE(SIGNAL, 160, SAME, 0));
	unwind_assert(unwind, "no_rip", 2, UNSUPPORTED);
	unwind_assert(unwind, "no_rip", 3, OUTERMOST);
	unwind_assert(unwind, "call", 0, UNSUPPORTED);
	unwind_assert(unwind, "plain", 0, UNSUPPORTED);
	unwind_free(unwind);
}

/* ---- layout ------------------------------------------------------------------ */

static void test_neighbours(void **state)
{
	struct unwind *unwind = unwind_assembled(
		*state,
		FUNCTION("a", "", "", "", "") FUNCTION("b", "", "", "", "") "nop\n" FUNCTION(
			"c", "", "", "", "") ".balign 4096\n" FUNCTION("far", "", "", "", ""),
		"");

	unwind_assert(unwind, "a", 3, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "b", 3, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "b", 4, NO_RULE);
	unwind_assert(unwind, "c", 0, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "c", 4, NO_RULE);
	unwind_assert(unwind, "far", -1, NO_RULE);
	unwind_assert(unwind, "far", 0, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "far", 4, NO_RULE);
	unwind_assert(unwind, "far", 4096, NO_RULE);
	unwind_assert(unwind, "a", -4096, NO_RULE);
	/* a and b are one row; behind b, c and far there is none. */
	assert_int_equal(unwind->table->row_count, 6);
	assert_int_equal(unwind->table->granules, 17);
	unwind_free(unwind);
}

/* Code that ends with a granule needs no row to end it; rows are found past 64 KiB as well. */
static void test_granules(void **state)
{
	struct unwind *unwind = unwind_assembled(
		*state,
		".balign 256\n.globl f\nf:\n.cfi_startproc\n.fill 70000,1,0x90\n"
		".cfi_def_cfa_offset 16\n.fill 136,1,0x90\n.cfi_def_cfa_offset 24\n"
		".fill 8,1,0x90\n.balign 256,0x90\n.cfi_endproc\n",
		"");

	assert_int_equal(unwind->table->row_count, 3);
	assert_int_equal(unwind->table->granules, 70144 / 256);
	unwind_assert(unwind, "f", 69999, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "f", 70000, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "f", 70135, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "f", 70136, RULE(SP, 24, SAME, 0));
	unwind_assert(unwind, "f", 70143, RULE(SP, 24, SAME, 0));
	unwind_assert(unwind, "f", 70144, NO_RULE);
	unwind_free(unwind);
}

/* ---- numbers of rules ------------------------------------------------------------ */

static void test_rules(void **state)
{
	struct wire_rule *storage = calloc(WIRE_RULES, sizeof(*storage));
	struct unwind_rules *rules = unwind_rules_new(storage);
	struct wire_rule rule = RULE(SP, 8, SAME, 0);

	(void)state;
	assert_non_null(rules);
	assert_int_equal(unwind_rules_count(rules), 3);
	assert_int_equal(unwind_rules_intern(rules, &NO_RULE), WIRE_CFA_NO_RULE);
	assert_int_equal(unwind_rules_intern(rules, &UNSUPPORTED), WIRE_CFA_UNSUPPORTED);
	assert_int_equal(unwind_rules_intern(rules, &OUTERMOST), WIRE_CFA_OUTERMOST);
	assert_int_equal(unwind_rules_intern(rules, &rule), 3);
	assert_int_equal(unwind_rules_intern(rules, &rule), 3);
	assert_memory_equal(&storage[3], &rule, sizeof(rule));
	for (int number = 4; number < WIRE_RULES; number++) {
		rule.cfa_offset++;
		assert_int_equal(unwind_rules_intern(rules, &rule), number);
	}
	assert_memory_equal(&storage[WIRE_RULES - 1], &rule, sizeof(rule));
	assert_int_equal(unwind_rules_intern(rules, &rule), WIRE_RULES - 1);
	rule.cfa_offset++;
	assert_int_equal(unwind_rules_intern(rules, &rule), WIRE_CFA_UNSUPPORTED);
	assert_int_equal(unwind_rules_count(rules), WIRE_RULES);
	unwind_rules_free(rules);
	free(storage);
	unwind_rules_free(NULL);
	unwind_table_free(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_frame_pointer), CASE(test_remembered),  CASE(test_expressions),
		CASE(test_outermost),	  CASE(test_unsupported), CASE(test_signal_frame),
		CASE(test_neighbours),	  CASE(test_granules),	  cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
