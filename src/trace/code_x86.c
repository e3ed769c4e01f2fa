/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64 instructions for probe placement. Owns what is known of encodings,
 * registers and of the kernel's treatment of single instructions; must not know
 * why anybody asks.
 */
#include "trace/code_decoder.h"

#include <string.h>

const cs_arch code_arch = CS_ARCH_X86;
const cs_mode code_mode = CS_MODE_64;

/*
 * What a uprobe emulates on every kernel since 5.15: push of a register, one-byte
 * nop, jcc, jmp and call relative. Source: branch_setup_xol_ops() and
 * push_setup_xol_ops() in Linux, arch/x86/kernel/uprobes.c. Longer nops are left
 * out: only newer kernels emulate them.
 */
static const struct {
	uint8_t length;
	uint8_t value[2];
	uint8_t mask[2];
} emulated_table[] = {
	{ 1, { 0x50, 0 }, { 0xf8, 0 } },       { 1, { 0x90, 0 }, { 0xff, 0 } },
	{ 2, { 0x41, 0x50 }, { 0xff, 0xf8 } }, { 2, { 0x66, 0x90 }, { 0xff, 0xff } },
	{ 2, { 0x70, 0 }, { 0xf0, 0 } },       { 2, { 0xeb, 0 }, { 0xff, 0 } },
	{ 5, { 0xe8, 0 }, { 0xfe, 0 } },       { 6, { 0x0f, 0x80 }, { 0xff, 0xf0 } },
};

/* System V ABI: the registers of integer arguments, each with its parts. */
static const uint16_t argument_registers[][4] = {
	{ X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL },
	{ X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL },
	{ X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL },
	{ X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL },
	{ X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B },
	{ X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B },
};

static const uint16_t stack_registers[4] = { X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL };

/* endbr64, jmp */
const unsigned code_plt_insns = 2;

#define ARGUMENT_REGISTERS (sizeof(argument_registers) / sizeof(argument_registers[0]))
#define EMULATED_FORMS (sizeof(emulated_table) / sizeof(emulated_table[0]))

static bool is_emulated(const cs_insn *insn)
{
	for (size_t i = 0; i < EMULATED_FORMS; i++)
		if (insn->size == emulated_table[i].length &&
		    (insn->bytes[0] & emulated_table[i].mask[0]) == emulated_table[i].value[0] &&
		    (insn->bytes[1] & emulated_table[i].mask[1]) == emulated_table[i].value[1])
			return true;
	return false;
}

/*
 * Prefixes that the kernel refuses, before any opcode: is_prefix_bad() in the
 * file named above; and branches with an operand size, which processors disagree on.
 */
static bool is_unprobeable(const cs_insn *insn, enum code_flow flow)
{
	const uint8_t *bytes = insn->bytes;

	for (size_t i = 0; i < insn->size; i++) {
		switch (bytes[i]) {
		case 0xf0: /* lock */
		case 0x26: /* es, cs, ss, ds */
		case 0x2e:
		case 0x36:
		case 0x3e:
			return true;
		case 0x66:
			if (flow != CODE_NEXT)
				return true;
			break;
		case 0x64: /* fs, gs, address size, rep */
		case 0x65:
		case 0x67:
		case 0xf2:
		case 0xf3:
			break;
		default:
			return false;
		}
	}
	return false;
}

static bool has_group(const cs_insn *insn, uint8_t group)
{
	for (uint8_t i = 0; i < insn->detail->groups_count; i++)
		if (insn->detail->groups[i] == group)
			return true;
	return false;
}

static enum code_flow flow_of(const cs_insn *insn)
{
	switch (insn->id) {
	case X86_INS_JMP:
	case X86_INS_LJMP:
		return CODE_JUMP;
	/* Not of the jump group for capstone 4. */
	case X86_INS_XBEGIN:
	case X86_INS_LOOP:
	case X86_INS_LOOPE:
	case X86_INS_LOOPNE:
	case X86_INS_JCXZ:
	case X86_INS_JECXZ:
	case X86_INS_JRCXZ:
		return CODE_BRANCH;
	case X86_INS_UD2:
	case X86_INS_HLT:
	case X86_INS_SYSCALL:
		return CODE_STOP;
	}
	if (has_group(insn, CS_GRP_JUMP))
		return CODE_BRANCH;
	if (has_group(insn, CS_GRP_CALL))
		return CODE_CALL;
	if (has_group(insn, CS_GRP_RET) || has_group(insn, CS_GRP_IRET))
		return CODE_RETURN;
	if (has_group(insn, CS_GRP_INT))
		return CODE_STOP;
	return CODE_NEXT;
}

static void find_destination(const cs_insn *from, struct code_insn *insn)
{
	const cs_x86 *x86 = &from->detail->x86;

	if (insn->flow == CODE_NEXT || x86->op_count != 1)
		return;
	if (x86->operands[0].type == X86_OP_IMM && insn->flow != CODE_RETURN)
		insn->target = (uint64_t)x86->operands[0].imm;
	else if (x86->operands[0].type == X86_OP_MEM && x86->operands[0].mem.base == X86_REG_RIP)
		insn->slot = insn->next + (uint64_t)x86->operands[0].mem.disp;
}

/* Capstone 4 takes vector stores for reads: so any first operand in memory counts, but for these.
 */
static bool may_write_memory(const cs_insn *from)
{
	const cs_x86 *x86 = &from->detail->x86;

	switch (from->id) {
	case X86_INS_CMP:
	case X86_INS_TEST:
	case X86_INS_NOP:
	case X86_INS_PUSH:
		return false;
	}
	for (uint8_t i = 0; i < x86->op_count; i++)
		if (x86->operands[i].type == X86_OP_MEM &&
		    (i == 0 || x86->operands[i].access & CS_AC_WRITE))
			return true;
	return false;
}

static bool is_any_of(uint16_t reg, const uint16_t registers[4])
{
	return reg == registers[0] || reg == registers[1] || reg == registers[2] ||
	       reg == registers[3];
}

static bool find_writes(csh handle, const cs_insn *from, struct code_insn *insn)
{
	uint8_t read_count, written_count;
	cs_regs read, written;

	if (cs_regs_access(handle, from, read, &read_count, written, &written_count) != CS_ERR_OK)
		return false;
	for (uint8_t i = 0; i < written_count; i++) {
		if (is_any_of(written[i], stack_registers))
			insn->moves_stack = true;
		/* The only part of an argument register that a low part does not cover. */
		if (written[i] == X86_REG_DH)
			insn->arguments_written |= 1U << 2;
		if (written[i] == X86_REG_CH)
			insn->arguments_written |= 1U << 3;
		for (size_t n = 0; n < ARGUMENT_REGISTERS; n++)
			if (is_any_of(written[i], argument_registers[n]))
				insn->arguments_written |= 1U << n;
	}
	/* Not among what capstone 4 says is written. */
	if (from->id == X86_INS_ENTER)
		insn->moves_stack = true;
	return true;
}

bool code_decode(struct code_decoder *decoder, const struct code *code, uint64_t address,
		 struct code_insn *insn)
{
	const uint8_t *bytes;
	uint64_t at = address;
	size_t left;

	memset(insn, 0, sizeof(*insn));
	if (address - code->start >= code->size)
		return false;
	bytes = code->bytes + (address - code->start);
	left = code->size - (address - code->start);
	if (!cs_disasm_iter(decoder->handle, &bytes, &left, &at, decoder->insn))
		return false;
	insn->next = address + decoder->insn->size;
	insn->flow = flow_of(decoder->insn);
	insn->emulated = is_emulated(decoder->insn);
	insn->unprobeable = is_unprobeable(decoder->insn, insn->flow);
	insn->writes_memory = insn->flow == CODE_NEXT && may_write_memory(decoder->insn);
	find_destination(decoder->insn, insn);
	return find_writes(decoder->handle, decoder->insn, insn);
}

#define RETURNING_INSNS_MAX 12

/* What the instruction puts into rax: the address of rip-relative data, or a number; else 0. */
static uint64_t loaded_address(const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;

	if (x86->op_count != 2 || x86->operands[0].type != X86_OP_REG ||
	    (x86->operands[0].reg != X86_REG_RAX && x86->operands[0].reg != X86_REG_EAX))
		return 0;
	if (insn->id == X86_INS_LEA && x86->operands[1].mem.base == X86_REG_RIP &&
	    x86->operands[1].mem.index == X86_REG_INVALID)
		return insn->address + insn->size + (uint64_t)x86->operands[1].mem.disp;
	if ((insn->id == X86_INS_MOV || insn->id == X86_INS_MOVABS) &&
	    x86->operands[1].type == X86_OP_IMM)
		return (uint64_t)x86->operands[1].imm;
	return 0;
}

uint64_t code_returned_address(struct code_decoder *decoder, const struct code *code,
			       uint64_t function)
{
	uint64_t address = function, result = 0;
	struct code_insn insn;

	for (int i = 0; i < RETURNING_INSNS_MAX; i++) {
		uint64_t loaded;

		if (!code_decode(decoder, code, address, &insn))
			return 0;
		if (insn.flow == CODE_RETURN)
			return result;
		if (insn.flow != CODE_NEXT)
			return 0;
		loaded = loaded_address(decoder->insn);
		if (loaded)
			result = loaded;
		address = insn.next;
	}
	return 0;
}

void code_each_far_branch(const struct code *code, uint64_t low, uint64_t high, code_visit visit,
			  void *context)
{
	const uint8_t *bytes = code->bytes;
	uint64_t span = high - low;

	for (uint64_t i = 0; i + 5 <= code->size; i++) {
		uint64_t target;
		int32_t distance;

		/* call, jmp; or jcc: then i is at its second byte, the first having been 0f. */
		if ((bytes[i] & 0xfe) != 0xe8 &&
		    (i == 0 || bytes[i - 1] != 0x0f || (bytes[i] & 0xf0) != 0x80))
			continue;
		memcpy(&distance, bytes + i + 1, sizeof(distance));
		target = code->start + i + 5 + (uint64_t)(int64_t)distance;
		if (target - low <= span)
			visit(target, context);
	}
}

/* Of a short branch: two bytes of its own, and -128 to 127. */
#define SHORT_REACH 130

/* jmp, jcc, loop and jrcxz with a distance of one byte. */
static bool is_short_branch(uint8_t byte)
{
	return byte == 0xeb || (byte & 0xf0) == 0x70 || (byte & 0xfc) == 0xe0;
}

void code_each_near_branch(const struct code *code, uint64_t low, uint64_t high, code_visit visit,
			   void *context)
{
	uint64_t from = low > code->start + SHORT_REACH ? low - code->start - SHORT_REACH : 0;
	uint64_t span = high - low;

	if (high + SHORT_REACH < code->start)
		return;
	for (uint64_t i = from; i + 2 <= code->size; i++) {
		int8_t distance = (int8_t)code->bytes[i + 1];
		uint64_t target = code->start + i + 2 + (uint64_t)(int64_t)distance;

		if (code->start + i > high + SHORT_REACH)
			return;
		if (is_short_branch(code->bytes[i]) && target - low <= span)
			visit(target, context);
	}
}
