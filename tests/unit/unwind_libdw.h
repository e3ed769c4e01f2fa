/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule that libdw's reading of call frame information amounts to. */
#ifndef LEAKTRACE_TESTS_UNWIND_LIBDW_H
#define LEAKTRACE_TESTS_UNWIND_LIBDW_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>

#include "unwind_fixture.h"

#define RBP 6
#define RSP 7
#define RIP 16

static inline bool is_expression(const Dwarf_Op *ops, size_t count, const uint8_t *atoms,
				 size_t wanted)
{
	if (count != wanted)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (ops[i].atom != atoms[i])
			return false;
	}
	return true;
}

static const uint8_t plt_atoms[] = {
	DW_OP_breg7, DW_OP_breg16, DW_OP_lit15, DW_OP_and,  DW_OP_lit11,
	DW_OP_ge,    DW_OP_lit3,   DW_OP_shl,	DW_OP_plus,
};

/* False: no rule can say it. */
static inline bool cfa_of(Dwarf_Frame *frame, struct wire_rule *rule)
{
	static const uint8_t at_rbp[] = { DW_OP_breg6, DW_OP_deref };
	static const uint8_t at_rsp[] = { DW_OP_breg7, DW_OP_deref };
	int64_t offset = 0;
	Dwarf_Op *ops;
	size_t count;

	if (dwarf_frame_cfa(frame, &ops, &count))
		return false;
	if (count == 1 && ops->atom == DW_OP_bregx) {
		rule->cfa = ops->number == RSP ? WIRE_CFA_SP : WIRE_CFA_FP;
		offset = (int64_t)ops->number2;
		if (ops->number != RSP && ops->number != RBP)
			return false;
	} else if (is_expression(ops, count, plt_atoms, sizeof(plt_atoms))) {
		rule->cfa = WIRE_CFA_PLT;
	} else if (is_expression(ops, count, at_rbp, 2)) {
		rule->cfa = WIRE_CFA_AT_FP;
		offset = (int64_t)ops->number;
	} else if (is_expression(ops, count, at_rsp, 2)) {
		rule->cfa = WIRE_CFA_AT_SP;
		offset = (int64_t)ops->number;
	} else {
		return false;
	}
	rule->cfa_offset = (int)offset;
	return rule->cfa_offset == offset;
}

enum where {
	WHERE_OTHER,
	WHERE_UNDEFINED,
	WHERE_SAME,
	WHERE_AT_CFA,
	WHERE_AT_RBP,
	WHERE_AT_RSP,
};

static inline enum where where_is(Dwarf_Frame *frame, int reg, int64_t *offset)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	*offset = 0;
	if (dwarf_frame_register(frame, reg, memory, &ops, &count))
		return WHERE_OTHER;
	if (!count)
		return ops ? WHERE_UNDEFINED : WHERE_SAME;
	if (ops->atom != DW_OP_call_frame_cfa)
		return WHERE_OTHER;
	if (count == 2)
		*offset = (int64_t)ops[1].number;
	if (count == 1 || (count == 2 && ops[1].atom == DW_OP_plus_uconst))
		return WHERE_AT_CFA;
	/* An expression has the CFA on its stack and does not need it. */
	if (count == 2 && ops[1].atom == DW_OP_breg6)
		return WHERE_AT_RBP;
	return count == 2 && ops[1].atom == DW_OP_breg7 ? WHERE_AT_RSP : WHERE_OTHER;
}

static inline bool signal_of(Dwarf_Frame *frame, struct wire_rule *rule)
{
	int64_t rip, rbp;

	if (!cfa_of(frame, rule) || rule->cfa != WIRE_CFA_AT_SP ||
	    where_is(frame, RIP, &rip) != WHERE_AT_RSP ||
	    where_is(frame, RBP, &rbp) != WHERE_AT_RSP || rip != rule->cfa_offset + 8 ||
	    rbp != rule->cfa_offset - 40)
		return false;
	rule->cfa = WIRE_CFA_SIGNAL;
	return true;
}

static inline bool call_of(Dwarf_Frame *frame, struct wire_rule *rule)
{
	Dwarf_Op memory[3], *ops;
	int64_t offset;
	size_t count;

	if (where_is(frame, RIP, &offset) != WHERE_AT_CFA || offset != -8 || !cfa_of(frame, rule))
		return false;
	/* The caller's rsp is a value, CFA + 0. */
	if (dwarf_frame_register(frame, RSP, memory, &ops, &count) || count != 2 ||
	    ops[0].atom != DW_OP_call_frame_cfa || ops[1].atom != DW_OP_stack_value)
		return false;
	switch (where_is(frame, RBP, &offset)) {
	case WHERE_SAME:
		rule->fp = WIRE_FP_SAME;
		break;
	case WHERE_AT_CFA:
		rule->fp = WIRE_FP_AT_CFA;
		break;
	case WHERE_AT_RBP:
		rule->fp = WIRE_FP_AT_FP;
		break;
	default:
		return false;
	}
	rule->fp_offset = (short)offset;
	return rule->fp_offset == offset;
}

static inline struct wire_rule rule_of(Dwarf_Frame *frame, bool signal)
{
	struct wire_rule rule = { 0 };
	int64_t offset;

	if (where_is(frame, RIP, &offset) == WHERE_UNDEFINED)
		return OUTERMOST;
	return (signal ? signal_of(frame, &rule) : call_of(frame, &rule)) ? rule : UNSUPPORTED;
}

#endif
