/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a row of call frame information means on arm64 and for stacks: the CFA, x29 and the return
 * address, x30. Register numbers and opcodes: DWARF for the Arm 64-bit Architecture (AADWARF64).
 */
#include "unwind/rule.h"

#include <dwarf.h>

#define FP 29
#define LINK 30
#define SP 31
/* Registers are saved at the lower end of a frame, which may have room for a large array. */
#define SLOT_BYTES 8

/* DW_CFA_AARCH64_negate_ra_state: a return address is signed. What signs it is taken off anyway. */
const uint8_t rule_ignored_opcode = DW_CFA_GNU_window_save;

/* mov x29, sp */
const uint8_t rule_prologue[4] = { 0xfd, 0x03, 0x00, 0x91 };

const struct wire_rule rule_by_frame_pointer = {
	.cfa = WIRE_CFA_FP,
	.cfa_offset = 16,
	.fp = WIRE_FP_PAIR,
	.fp_offset = -2,
};

/* The procedure call standard has them kept. */
static bool is_kept(const struct cfi_value *value)
{
	return value->how == CFI_UNSPECIFIED || value->how == CFI_SAME_VALUE;
}

static bool cfa_convert(const struct cfi_value *cfa, struct wire_rule *rule)
{
	if (cfa->how != CFI_REGISTER || (cfa->reg != SP && cfa->reg != FP))
		return false;
	rule->cfa = cfa->reg == SP ? WIRE_CFA_SP : WIRE_CFA_FP;
	rule->cfa_offset = (int)cfa->offset;
	return rule->cfa_offset == cfa->offset;
}

static bool saved_at(struct wire_rule *rule, enum wire_fp how, int64_t offset)
{
	rule->fp = how;
	rule->fp_offset = (short)(offset / SLOT_BYTES);
	return rule->fp_offset * SLOT_BYTES == offset;
}

/* Compilers save x29 and x30 side by side, or x30 alone. */
static bool pair_convert(const struct cfi_value *fp, const struct cfi_value *link,
			 struct wire_rule *rule)
{
	if (is_kept(link))
		return is_kept(fp) && saved_at(rule, WIRE_FP_SAME, 0);
	if (link->how != CFI_OFFSET)
		return false;
	if (is_kept(fp))
		return saved_at(rule, WIRE_FP_LINK_ALONE, link->offset);
	return fp->how == CFI_OFFSET && link->offset == fp->offset + 8 &&
	       saved_at(rule, WIRE_FP_PAIR, fp->offset);
}

/* Whether the caller's stack pointer is the CFA, as calls leave it. */
static bool sp_is_cfa(const struct cfi_value *sp)
{
	return sp->how == CFI_UNSPECIFIED || (sp->how == CFI_VAL_OFFSET && !sp->offset);
}

/* Signal frames are known by their code: what kernels have said of them is another thing. */
struct wire_rule rule_of_row(const struct cfi_cie *cie, const struct cfi_state *state)
{
	static const struct wire_rule unsupported = { .cfa = WIRE_CFA_UNSUPPORTED };
	struct wire_rule rule = { 0 };

	if (!state || cie->return_register != LINK)
		return unsupported;
	if (cie->signal)
		return (struct wire_rule){ .cfa = WIRE_CFA_NO_RULE };
	if (state->registers[LINK].how == CFI_UNDEFINED)
		return (struct wire_rule){ .cfa = WIRE_CFA_OUTERMOST };
	if (sp_is_cfa(&state->registers[SP]) && cfa_convert(&state->cfa, &rule) &&
	    pair_convert(&state->registers[FP], &state->registers[LINK], &rule))
		return rule;
	return unsupported;
}
