/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a row of call frame information means on x86-64 and for stacks: the CFA,
 * the caller's rbp and rip. Knows the idioms of linkers and C libraries; knows no
 * files. Register numbers: System V psABI for x86-64, 3.7.
 */
#include "unwind/rule.h"

#include <dwarf.h>
#include <stdint.h>
#include <string.h>

#define RBP 6
#define RSP 7
#define RIP 16

/* There is none that says nothing here; this is one that says nothing anywhere. */
const uint8_t rule_ignored_opcode = DW_CFA_nop;

/* push %rbp; mov %rsp,%rbp */
const uint8_t rule_prologue[4] = { 0x55, 0x48, 0x89, 0xe5 };

const struct wire_rule rule_by_frame_pointer = {
	.cfa = WIRE_CFA_FP,
	.cfa_offset = 16,
	.fp = WIRE_FP_AT_CFA,
	.fp_offset = -16,
};

/* What linkers write for a lazy PLT: rsp + 8 + ((rip & 15) >= 11) * 8. */
static const uint8_t plt_expression[] = {
	DW_OP_breg0 + RSP, 8,	     DW_OP_breg0 + RIP, 0,	   DW_OP_lit15, DW_OP_and,
	DW_OP_lit0 + 11,   DW_OP_ge, DW_OP_lit3,	DW_OP_shl, DW_OP_plus,
};

static bool is_plt(struct cursor expression)
{
	return (size_t)(expression.end - expression.at) == sizeof(plt_expression) &&
	       !memcmp(expression.at, plt_expression, sizeof(plt_expression));
}

/* Whether an expression is register + offset, nothing (0) or an operation behind it. */
static bool is_register_and(struct cursor expression, uint8_t reg, uint8_t operation,
			    int64_t *offset)
{
	if (cursor_unsigned(&expression, 1) != DW_OP_breg0 + (unsigned int)reg)
		return false;
	*offset = cursor_sleb128(&expression);
	if (operation && cursor_unsigned(&expression, 1) != operation)
		return false;
	return !expression.bad && expression.at == expression.end;
}

/* Whether a register was saved at rsp + offset, as only signal frames say it. */
static bool is_saved_at(const struct cfi_value *value, int64_t offset)
{
	int64_t found;

	return value->how == CFI_EXPRESSION && is_register_and(value->expression, RSP, 0, &found) &&
	       found == offset;
}

static bool cfa_set(struct wire_rule *rule, enum wire_cfa cfa, int64_t offset)
{
	rule->cfa = cfa;
	rule->cfa_offset = (int)offset;
	return rule->cfa_offset == offset;
}

static bool rbp_set(struct wire_rule *rule, enum wire_fp rbp, int64_t offset)
{
	rule->fp = rbp;
	rule->fp_offset = (short)offset;
	return rule->fp_offset == offset;
}

static bool cfa_convert(const struct cfi_value *cfa, struct wire_rule *rule)
{
	int64_t offset;

	if (cfa->how == CFI_REGISTER)
		return (cfa->reg == RSP && cfa_set(rule, WIRE_CFA_SP, cfa->offset)) ||
		       (cfa->reg == RBP && cfa_set(rule, WIRE_CFA_FP, cfa->offset));
	if (cfa->how != CFI_EXPRESSION)
		return false;
	if (is_plt(cfa->expression))
		return cfa_set(rule, WIRE_CFA_PLT, 0);
	if (is_register_and(cfa->expression, RBP, DW_OP_deref, &offset))
		return cfa_set(rule, WIRE_CFA_AT_FP, offset);
	if (is_register_and(cfa->expression, RSP, DW_OP_deref, &offset))
		return cfa_set(rule, WIRE_CFA_AT_SP, offset);
	return false;
}

/* An rbp that is lost would do harm in the first caller that needs it: not supported. */
static bool rbp_convert(const struct cfi_value *rbp, struct wire_rule *rule)
{
	int64_t offset;

	switch (rbp->how) {
	case CFI_UNSPECIFIED: /* the psABI has it kept */
	case CFI_SAME_VALUE:
		return rbp_set(rule, WIRE_FP_SAME, 0);
	case CFI_OFFSET:
		return rbp_set(rule, WIRE_FP_AT_CFA, rbp->offset);
	case CFI_EXPRESSION:
		return is_register_and(rbp->expression, RBP, 0, &offset) &&
		       rbp_set(rule, WIRE_FP_AT_FP, offset);
	default:
		return false;
	}
}

/* Whether the caller's rsp is the CFA, as calls leave it. */
static bool rsp_is_cfa(const struct cfi_value *rsp)
{
	return rsp->how == CFI_UNSPECIFIED || (rsp->how == CFI_VAL_OFFSET && !rsp->offset);
}

static bool call_convert(const struct cfi_state *state, struct wire_rule *rule)
{
	const struct cfi_value *rip = &state->registers[RIP];

	return rip->how == CFI_OFFSET && rip->offset == -8 && rsp_is_cfa(&state->registers[RSP]) &&
	       cfa_convert(&state->cfa, rule) && rbp_convert(&state->registers[RBP], rule);
}

/* Offsets of struct sigcontext, as seen from its rsp: wire.h has them for the BPF programs. */
static bool signal_convert(const struct cfi_state *state, struct wire_rule *rule)
{
	const struct cfi_value *rsp = &state->registers[RSP];
	int64_t offset;

	return state->cfa.how == CFI_EXPRESSION &&
	       is_register_and(state->cfa.expression, RSP, DW_OP_deref, &offset) &&
	       cfa_set(rule, WIRE_CFA_SIGNAL, offset) &&
	       (rsp_is_cfa(rsp) || is_saved_at(rsp, offset)) &&
	       is_saved_at(&state->registers[RIP], offset + WIRE_SIGNAL_RIP) &&
	       is_saved_at(&state->registers[RBP], offset + WIRE_SIGNAL_RBP);
}

struct wire_rule rule_of_row(const struct cfi_cie *cie, const struct cfi_state *state)
{
	static const struct wire_rule unsupported = { .cfa = WIRE_CFA_UNSUPPORTED };
	struct wire_rule rule = { 0 };

	if (!state || cie->return_register != RIP)
		return unsupported;
	if (state->registers[RIP].how == CFI_UNDEFINED)
		return (struct wire_rule){ .cfa = WIRE_CFA_OUTERMOST };
	if (cie->signal ? signal_convert(state, &rule) : call_convert(state, &rule))
		return rule;
	return unsupported;
}
