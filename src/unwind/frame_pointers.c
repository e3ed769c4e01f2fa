/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the judgement by bytes of code. Knows neither ELF nor DWARF.
 *
 * Measured: V8's built-in functions have a prologue per 860 bytes; the densest of
 * other code without information that is no leaf, one per 11 KB.
 */
#include "unwind/frame_pointers.h"

#include <string.h>

#include "unwind/rule.h"

#define PROLOGUES_MIN 16
#define BYTES_PER_PROLOGUE 2048

bool frame_pointers_kept(const uint8_t *code, size_t size)
{
	const uint8_t *end = code + size;
	size_t count = 0;

	while ((code = memmem(code, end - code, rule_prologue, sizeof(rule_prologue)))) {
		code += sizeof(rule_prologue);
		count++;
	}
	return count >= PROLOGUES_MIN && count >= size / BYTES_PER_PROLOGUE;
}
