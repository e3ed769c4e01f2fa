/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the judgement by bytes of code. Knows neither ELF nor DWARF.
 *
 * Measured: V8's built-in functions have a prologue per 860 bytes; the densest of
 * other code without information that is no leaf, one per 11 KB.
 */
#include "unwind/frame_pointers.h"

#include <string.h>

#define PROLOGUES_MIN 16
#define BYTES_PER_PROLOGUE 2048

bool frame_pointers_kept(const uint8_t *code, size_t size)
{
	/* push %rbp; mov %rsp,%rbp */
	static const uint8_t prologue[] = { 0x55, 0x48, 0x89, 0xe5 };
	const uint8_t *end = code + size;
	size_t count = 0;

	while ((code = memmem(code, end - code, prologue, sizeof(prologue)))) {
		code += sizeof(prologue);
		count++;
	}
	return count >= PROLOGUES_MIN && count >= size / BYTES_PER_PROLOGUE;
}

struct wire_rule frame_pointers_rule(void)
{
	return (struct wire_rule){
		.cfa = WIRE_CFA_RBP,
		.cfa_offset = 16,
		.rbp = WIRE_RBP_AT_CFA,
		.rbp_offset = -16,
	};
}
