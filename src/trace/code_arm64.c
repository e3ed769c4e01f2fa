/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm64 instructions for probe placement, see code_x86.c. Encodings: Arm Architecture Reference
 * Manual (DDI 0487), C4.1. Capstone says which registers an instruction reads and writes.
 */
#include "trace/code_decoder.h"

#include <string.h>

#define INSN_BYTES 4
#define ARGUMENTS 8
#define STACK_REGISTER 31

const cs_arch code_arch = CS_ARCH_ARM64;
const cs_mode code_mode = CS_MODE_LITTLE_ENDIAN;

/* adrp, ldr, add, br; before them bti */
const unsigned code_plt_insns = 5;

enum form {
	OTHER,
	B,
	BL,
	B_COND,
	COMPARE_BRANCH, /* cbz, cbnz */
	TEST_BRANCH,	/* tbz, tbnz */
	BR,
	BLR,
	RET,
	SIGNED_BRANCH, /* with pointer authentication: braa, retaa */
	ADR,	       /* and adrp */
	EXCEPTION,     /* svc, brk */
	UNDEFINED,
	LDR_LITERAL,
	NOTHING, /* nop, bti */
	HINT,	 /* of the others some sign x30 */
	COMPARE, /* adds, subs, ands into the zero register; capstone 4 has it written elsewhere */
};

/* The first that fits. */
static const struct {
	uint32_t mask, value;
	enum form form;
} forms[] = {
	{ 0xfc000000, 0x14000000, B },
	{ 0xfc000000, 0x94000000, BL },
	{ 0xff000000, 0x54000000, B_COND },
	{ 0x7e000000, 0x34000000, COMPARE_BRANCH },
	{ 0x7e000000, 0x36000000, TEST_BRANCH },
	{ 0xfffffc1f, 0xd61f0000, BR },
	{ 0xfffffc1f, 0xd63f0000, BLR },
	{ 0xfffffc1f, 0xd65f0000, RET },
	{ 0xfe000000, 0xd6000000, SIGNED_BRANCH },
	{ 0x1f000000, 0x10000000, ADR },
	{ 0xff000000, 0xd4000000, EXCEPTION },
	{ 0xffff0000, 0x00000000, UNDEFINED },
	{ 0x3b000000, 0x18000000, LDR_LITERAL },
	{ 0xffffffff, 0xd503201f, NOTHING },
	{ 0xffffff3f, 0xd503241f, NOTHING },
	{ 0xfffff01f, 0xd503201f, HINT },
	{ 0x3f00001f, 0x3100001f, COMPARE },
	{ 0x3f00001f, 0x2b00001f, COMPARE },
	{ 0x7f80001f, 0x7200001f, COMPARE },
	{ 0x7f00001f, 0x6a00001f, COMPARE },
};

static enum form form_of(uint32_t word)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if ((word & forms[i].mask) == forms[i].value)
			return forms[i].form;
	return OTHER;
}

/* ---- fields ------------------------------------------------------------------- */

static bool word_at(const struct code *code, uint64_t address, uint32_t *word)
{
	uint64_t offset = address - code->start;

	if (address % INSN_BYTES || offset >= code->size || code->size - offset < INSN_BYTES)
		return false;
	memcpy(word, code->bytes + offset, sizeof(*word));
	return true;
}

static uint64_t field(uint32_t word, unsigned low, unsigned bits)
{
	return word >> low & ((1U << bits) - 1);
}

static uint64_t signed_field(uint32_t word, unsigned low, unsigned bits)
{
	return (field(word, low, bits) ^ 1ULL << (bits - 1)) - (1ULL << (bits - 1));
}

/* Of a direct branch or call; 0: it is none. */
static uint64_t target_of(uint32_t word, enum form form, uint64_t address)
{
	switch (form) {
	case B:
	case BL:
		return address + signed_field(word, 0, 26) * INSN_BYTES;
	case B_COND:
	case COMPARE_BRANCH:
		return address + signed_field(word, 5, 19) * INSN_BYTES;
	case TEST_BRANCH:
		return address + signed_field(word, 5, 14) * INSN_BYTES;
	default:
		return 0;
	}
}

/* What adr or adrp computes. */
static uint64_t computed_address(uint32_t word, uint64_t address)
{
	uint64_t distance = signed_field(word, 5, 19) * 4 + field(word, 29, 2);

	return word >> 31 ? (address & ~0xfffULL) + distance * 4096 : address + distance;
}

static bool is_add_immediate(uint32_t word, uint64_t *immediate)
{
	*immediate = field(word, 10, 12) << (word >> 22 & 1) * 12;
	return (word & 0xff800000) == 0x91000000;
}

/* ---- one instruction ---------------------------------------------------------- */

static enum code_flow flow_of(uint32_t word, enum form form)
{
	switch (form) {
	case B:
	case BR:
		return CODE_JUMP;
	case BL:
	case BLR:
		return CODE_CALL;
	case RET:
		return CODE_RETURN;
	case B_COND:
	case COMPARE_BRANCH:
	case TEST_BRANCH:
		return CODE_BRANCH;
	case SIGNED_BRANCH:
		return field(word, 21, 2) == 0	 ? CODE_JUMP
		       : field(word, 21, 2) == 1 ? CODE_CALL
		       : field(word, 21, 2) == 2 ? CODE_RETURN
						 : CODE_STOP;
	case EXCEPTION:
	case UNDEFINED:
		return CODE_STOP;
	default:
		return CODE_NEXT;
	}
}

/*
 * What a uprobe emulates, and refuses, on every kernel: arm_probe_decode_insn() in Linux,
 * arch/arm64/kernel/probes/decode-insn.c. Literal loads are emulated wrongly by the old ones.
 */
static bool is_emulated(enum form form)
{
	return (form >= B && form <= RET) || form == ADR;
}

static bool is_unprobeable(enum form form)
{
	return form == SIGNED_BRANCH || form == EXCEPTION || form == UNDEFINED ||
	       form == LDR_LITERAL;
}

/* The pointer that `br` goes through, as a PLT entry loads it: adrp a; ldr b, [a, #n]; br b. */
static uint64_t slot_of(const struct code *code, uint32_t branch, uint64_t address)
{
	uint64_t base = UINT64_MAX, wanted = field(branch, 5, 5), offset = 0;
	uint32_t word;

	for (unsigned i = 1; i < code_plt_insns; i++) {
		if (!word_at(code, address - i * INSN_BYTES, &word))
			return 0;
		if (base == UINT64_MAX && (word & 0xffc0001f) == (0xf9400000 | wanted)) {
			base = field(word, 5, 5);
			offset = field(word, 10, 12) * 8;
		} else if (base != UINT64_MAX && (word & 0x9f00001f) == (0x90000000 | base)) {
			return computed_address(word, address - i * INSN_BYTES) + offset;
		}
	}
	return 0;
}

/* Loads and stores; what does not begin like a load may write. Onto the stack registers are saved.
 */
static bool may_write_memory(uint32_t word, const cs_insn *insn)
{
	return (word & 0x0a000000) == 0x08000000 && field(word, 5, 5) != STACK_REGISTER &&
	       strncmp(insn->mnemonic, "ld", 2) != 0 && strncmp(insn->mnemonic, "prf", 3) != 0;
}

/* Behind any look at x30 the kernel cannot exchange the return address any more. */
static bool find_registers(csh handle, const cs_insn *from, struct code_insn *insn)
{
	uint8_t read_count, written_count;
	cs_regs read, written;

	if (cs_regs_access(handle, from, read, &read_count, written, &written_count) != CS_ERR_OK)
		return false;
	for (uint8_t i = 0; i < read_count; i++)
		if (read[i] == ARM64_REG_X30 || read[i] == ARM64_REG_W30)
			insn->moves_stack = true;
	for (uint8_t i = 0; i < written_count; i++) {
		uint16_t reg = written[i];

		if (reg == ARM64_REG_SP || reg == ARM64_REG_WSP || reg == ARM64_REG_X30 ||
		    reg == ARM64_REG_W30)
			insn->moves_stack = true;
		if (reg >= ARM64_REG_X0 && reg < ARM64_REG_X0 + ARGUMENTS)
			insn->arguments_written |= 1U << (reg - ARM64_REG_X0);
		if (reg >= ARM64_REG_W0 && reg < ARM64_REG_W0 + ARGUMENTS)
			insn->arguments_written |= 1U << (reg - ARM64_REG_W0);
	}
	return true;
}

bool code_decode(struct code_decoder *decoder, const struct code *code, uint64_t address,
		 struct code_insn *insn)
{
	const uint8_t *bytes;
	uint64_t at = address;
	size_t left = INSN_BYTES;
	enum form form;
	uint32_t word;

	memset(insn, 0, sizeof(*insn));
	if (!word_at(code, address, &word))
		return false;
	form = form_of(word);
	insn->next = address + INSN_BYTES;
	insn->flow = flow_of(word, form);
	insn->target = target_of(word, form, address);
	insn->slot = form == BR ? slot_of(code, word, address) : 0;
	insn->emulated = is_emulated(form);
	insn->unprobeable = is_unprobeable(form);
	insn->moves_stack = form == HINT;
	/* Capstone 4 does not know all of the others. */
	if (form != OTHER && form != ADR && form != LDR_LITERAL)
		return true;
	bytes = code->bytes + (address - code->start);
	if (!cs_disasm_iter(decoder->handle, &bytes, &left, &at, decoder->insn))
		return false;
	insn->writes_memory = may_write_memory(word, decoder->insn);
	return find_registers(decoder->handle, decoder->insn, insn);
}

/* ---- code --------------------------------------------------------------------- */

#define RETURNING_INSNS_MAX 12

uint64_t code_returned_address(struct code_decoder *decoder, const struct code *code,
			       uint64_t function)
{
	uint64_t address = function, result = 0, immediate;
	struct code_insn insn;
	uint32_t word;

	for (int i = 0; i < RETURNING_INSNS_MAX; i++, address = insn.next) {
		if (!word_at(code, address, &word) || !code_decode(decoder, code, address, &insn))
			return 0;
		if (insn.flow == CODE_RETURN)
			return result;
		if (insn.flow != CODE_NEXT)
			return 0;
		if (!(insn.arguments_written & 1))
			continue;
		if (form_of(word) == ADR)
			result = computed_address(word, address);
		else if (is_add_immediate(word, &immediate) && field(word, 5, 5) == 0)
			result += immediate;
		else if ((word & 0x7fe00000) == 0x52800000) /* mov, of 16 bits */
			result = field(word, 5, 16);
		else
			return 0;
	}
	return 0;
}

/* Every instruction has its place, so what is no branch is not taken for one. */
void code_each_far_branch(const struct code *code, uint64_t low, uint64_t high, code_visit visit,
			  void *context)
{
	uint64_t address = (code->start + INSN_BYTES - 1) & ~(uint64_t)(INSN_BYTES - 1);
	uint32_t word;

	for (; word_at(code, address, &word); address += INSN_BYTES) {
		enum form form = form_of(word);
		uint64_t target = target_of(word, form, address);

		if (form >= B && form <= TEST_BRANCH && target - low <= high - low)
			visit(target, context);
	}
}

/* All of them are far ones. */
void code_each_near_branch(const struct code *code, uint64_t low, uint64_t high, code_visit visit,
			   void *context)
{
	(void)code;
	(void)low;
	(void)high;
	(void)visit;
	(void)context;
}
