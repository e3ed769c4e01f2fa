/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a row of call frame information to the rule that the BPF programs follow: one file per
 * architecture (rule_x86.c) says how.
 */
#ifndef LEAKTRACE_UNWIND_RULE_H
#define LEAKTRACE_UNWIND_RULE_H

#include "unwind/cfi.h"
#include "wire.h"

/*
 * The rule of a row. `state` NULL, or anything that a rule cannot say exactly, is
 * WIRE_CFA_UNSUPPORTED: a stack that ends is better than one that is wrong.
 */
struct wire_rule rule_of_row(const struct cfi_cie *cie, const struct cfi_state *state);

/* A call frame instruction of the architecture's own, which changes nothing of a rule. */
extern const uint8_t rule_ignored_opcode;

/* What makes a frame pointer, and the rule for a frame that has one. */
extern const uint8_t rule_prologue[4];
extern const struct wire_rule rule_by_frame_pointer;

#endif
