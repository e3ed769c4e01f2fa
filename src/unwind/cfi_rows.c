/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs call frame instructions (DWARF 5, 6.4.2) and hands out the rows that they
 * describe. What a row means is not known here.
 */
#include "unwind/cfi.h"
#include "unwind/rule.h"

#include <dwarf.h>

/* Compilers nest one or two; a program that needs more than these makes no sense. */
#define REMEMBERED_MAX 16

enum action {
	INVALID,
	NOTHING,
	SET_LOCATION,
	ADVANCE,
	SET,	 /* register `first` to the rule `how` */
	RESTORE, /* register `first` to the common entry's rule */
	REMEMBER,
	RECALL,
	CFA,
	CFA_REGISTER,
	CFA_OFFSET,
	CFA_EXPRESSION,
};

enum operand {
	NONE,
	IN_OPCODE, /* its low six bits */
	BYTES_1,
	BYTES_2,
	BYTES_4,
	ULEB128,
	ULEB128_FACTORED, /* times the data alignment factor */
	SLEB128_FACTORED,
	ULEB128_NEGATED, /* factored, negated */
	BLOCK,
	ADDRESS,
};

struct instruction {
	uint8_t action;
	uint8_t first;
	uint8_t second;
	uint8_t how; /* enum cfi_how */
};

static const struct instruction extended[64] = {
	[DW_CFA_nop] = { NOTHING, NONE, NONE, CFI_UNSPECIFIED },
	[DW_CFA_set_loc] = { SET_LOCATION, ADDRESS, NONE, CFI_UNSPECIFIED },
	[DW_CFA_advance_loc1] = { ADVANCE, BYTES_1, NONE, CFI_UNSPECIFIED },
	[DW_CFA_advance_loc2] = { ADVANCE, BYTES_2, NONE, CFI_UNSPECIFIED },
	[DW_CFA_advance_loc4] = { ADVANCE, BYTES_4, NONE, CFI_UNSPECIFIED },
	[DW_CFA_offset_extended] = { SET, ULEB128, ULEB128_FACTORED, CFI_OFFSET },
	[DW_CFA_restore_extended] = { RESTORE, ULEB128, NONE, CFI_UNSPECIFIED },
	[DW_CFA_undefined] = { SET, ULEB128, NONE, CFI_UNDEFINED },
	[DW_CFA_same_value] = { SET, ULEB128, NONE, CFI_SAME_VALUE },
	[DW_CFA_register] = { SET, ULEB128, ULEB128, CFI_REGISTER },
	[DW_CFA_remember_state] = { REMEMBER, NONE, NONE, CFI_UNSPECIFIED },
	[DW_CFA_restore_state] = { RECALL, NONE, NONE, CFI_UNSPECIFIED },
	[DW_CFA_def_cfa] = { CFA, ULEB128, ULEB128, CFI_UNSPECIFIED },
	[DW_CFA_def_cfa_register] = { CFA_REGISTER, ULEB128, NONE, CFI_UNSPECIFIED },
	[DW_CFA_def_cfa_offset] = { CFA_OFFSET, NONE, ULEB128, CFI_UNSPECIFIED },
	[DW_CFA_def_cfa_expression] = { CFA_EXPRESSION, NONE, BLOCK, CFI_UNSPECIFIED },
	[DW_CFA_expression] = { SET, ULEB128, BLOCK, CFI_EXPRESSION },
	[DW_CFA_offset_extended_sf] = { SET, ULEB128, SLEB128_FACTORED, CFI_OFFSET },
	[DW_CFA_def_cfa_sf] = { CFA, ULEB128, SLEB128_FACTORED, CFI_UNSPECIFIED },
	[DW_CFA_def_cfa_offset_sf] = { CFA_OFFSET, NONE, SLEB128_FACTORED, CFI_UNSPECIFIED },
	[DW_CFA_val_offset] = { SET, ULEB128, ULEB128_FACTORED, CFI_VAL_OFFSET },
	[DW_CFA_val_offset_sf] = { SET, ULEB128, SLEB128_FACTORED, CFI_VAL_OFFSET },
	[DW_CFA_val_expression] = { SET, ULEB128, BLOCK, CFI_VAL_EXPRESSION },
	[DW_CFA_GNU_args_size] = { NOTHING, ULEB128, NONE, CFI_UNSPECIFIED },
	[DW_CFA_GNU_negative_offset_extended] = { SET, ULEB128, ULEB128_NEGATED, CFI_OFFSET },
};

/* By the opcode's two high bits, when they are not 0. */
static const struct instruction primary[4] = {
	[DW_CFA_advance_loc >> 6] = { ADVANCE, IN_OPCODE, NONE, CFI_UNSPECIFIED },
	[DW_CFA_offset >> 6] = { SET, IN_OPCODE, ULEB128_FACTORED, CFI_OFFSET },
	[DW_CFA_restore >> 6] = { RESTORE, IN_OPCODE, NONE, CFI_UNSPECIFIED },
};

struct run {
	const struct cfi_section *section;
	const struct cfi_cie *cie;
	bool initial; /* of the common entry itself: no locations, nothing to restore */
	struct cursor cursor;
	uint64_t location;
	struct cfi_state state;
	size_t remembered_count;
	struct cfi_state remembered[REMEMBERED_MAX];
};

/* Factors are the file's: products wrap, as all that is wrong is found by what it leads to. */
static uint64_t operand_read(struct run *run, uint8_t operand, uint8_t opcode, struct cursor *block)
{
	struct cursor *cursor = &run->cursor;
	uint64_t factor = (uint64_t)run->cie->data_factor, address;

	switch (operand) {
	case IN_OPCODE:
		return opcode & 0x3f;
	case BYTES_1:
		return cursor_unsigned(cursor, 1);
	case BYTES_2:
		return cursor_unsigned(cursor, 2);
	case BYTES_4:
		return cursor_unsigned(cursor, 4);
	case ULEB128:
		return cursor_uleb128(cursor);
	case ULEB128_FACTORED:
		return cursor_uleb128(cursor) * factor;
	case SLEB128_FACTORED:
		return (uint64_t)cursor_sleb128(cursor) * factor;
	case ULEB128_NEGATED:
		return -cursor_uleb128(cursor) * factor;
	case BLOCK:
		*block = cursor_take(cursor, cursor_uleb128(cursor));
		return 0;
	case ADDRESS:
		if (cfi_address_read(run->section, run->cie->encoding, cursor, &address))
			return address;
		cursor->bad = true;
		return 0;
	default:
		return 0;
	}
}

/* ---- actions ----------------------------------------------------------------- */

static bool location_move(struct run *run, uint64_t location)
{
	if (run->initial || location < run->location)
		return false;
	run->location = location;
	return true;
}

static bool state_remember(struct run *run)
{
	if (run->remembered_count == REMEMBERED_MAX)
		return false;
	run->remembered[run->remembered_count++] = run->state;
	return true;
}

static bool state_recall(struct run *run)
{
	if (!run->remembered_count)
		return false;
	run->state = run->remembered[--run->remembered_count];
	return true;
}

static bool register_restore(struct run *run, uint64_t number)
{
	if (run->initial)
		return false;
	if (number < CFI_REGISTERS)
		run->state.registers[number] = run->cie->initial.registers[number];
	return true;
}

static uint32_t register_number(uint64_t number)
{
	return number > UINT32_MAX ? UINT32_MAX : number;
}

/* Half of a CFA says nothing when there was no other half. */
static struct cfi_value *cfa_of_register(struct run *run)
{
	if (run->state.cfa.how != CFI_REGISTER)
		run->state.cfa = (struct cfi_value){ .how = CFI_UNDEFINED };
	return &run->state.cfa;
}

/* Runs one instruction. Returns false when it makes no sense. */
static bool instruction_run(struct run *run)
{
	uint8_t opcode = cursor_unsigned(&run->cursor, 1);
	const struct instruction *instruction =
		opcode >> 6 ? &primary[opcode >> 6] : &extended[opcode];
	struct cursor block = { 0 };
	uint64_t first = operand_read(run, instruction->first, opcode, &block);
	uint64_t second = operand_read(run, instruction->second, opcode, &block);

	if (run->cursor.bad)
		return false;
	if (opcode == rule_ignored_opcode)
		return true;
	switch (instruction->action) {
	case NOTHING:
		return true;
	case SET_LOCATION:
		return location_move(run, first);
	case ADVANCE:
		return location_move(run, run->location + first * run->cie->code_factor);
	case SET:
		if (first < CFI_REGISTERS)
			run->state.registers[first] = (struct cfi_value){
				.how = instruction->how,
				.reg = register_number(second),
				.offset = (int64_t)second,
				.expression = block,
			};
		return true;
	case RESTORE:
		return register_restore(run, first);
	case REMEMBER:
		return state_remember(run);
	case RECALL:
		return state_recall(run);
	case CFA:
		run->state.cfa = (struct cfi_value){
			.how = CFI_REGISTER,
			.reg = register_number(first),
			.offset = (int64_t)second,
		};
		return true;
	case CFA_REGISTER:
		cfa_of_register(run)->reg = register_number(first);
		return true;
	case CFA_OFFSET:
		cfa_of_register(run)->offset = (int64_t)second;
		return true;
	case CFA_EXPRESSION:
		run->state.cfa = (struct cfi_value){
			.how = CFI_EXPRESSION,
			.expression = block,
		};
		return true;
	default:
		return false;
	}
}

/* ---- programs ---------------------------------------------------------------- */

/* Field by field, as the states to be remembered need no start. */
static void run_start(struct run *run, const struct cfi_section *section, const struct cfi_cie *cie,
		      struct cursor instructions, uint64_t location)
{
	run->section = section;
	run->cie = cie;
	run->initial = false;
	run->cursor = instructions;
	run->location = location;
	run->state = cie->initial;
	run->remembered_count = 0;
}

bool cfi_initial_state(const struct cfi_section *section, struct cfi_cie *cie)
{
	struct run run;

	run_start(&run, section, cie, cie->instructions, 0);
	run.initial = true;
	while (run.cursor.at < run.cursor.end) {
		if (!instruction_run(&run))
			return false;
	}
	cie->initial = run.state;
	return true;
}

int cfi_rows_each(const struct cfi_section *section, const struct cfi_fde *fde, uint64_t end,
		  cfi_row_visit visit, void *context)
{
	uint64_t start = fde->start;
	struct run run;
	int result = 0;

	run_start(&run, section, fde->cie, fde->instructions, start);
	while (!result && start < end && run.cursor.at < run.cursor.end) {
		if (!instruction_run(&run))
			return visit(context, fde->cie, start, NULL);
		/* What moves the location leaves the state alone: it is still the row's. */
		if (run.location > start) {
			result = visit(context, fde->cie, start, &run.state);
			start = run.location;
		}
	}
	if (!result && start < end)
		result = visit(context, fde->cie, start, &run.state);
	return result;
}
