/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of the thread control block it is known that it begins with its own address, has the
 * address of the dynamic thread vector next, and its own address a second time (glibc,
 * sysdeps/x86_64/nptl/tls.h: tcbhead_t).
 */
#include "memory/control.h"

#define WORD 8

/* System V ABI for x86-64, 3.2.2 */
const uint64_t control_red_zone = 128;
const size_t control_vector_word = 1;

bool control_find(const uint64_t *words, size_t count, uint64_t address, struct control *control)
{
	for (size_t i = 0; i + 2 < count; i++) {
		if (words[i] != address + i * WORD || words[i + 2] != words[i])
			continue;
		*control = (struct control){ .first = i + 1, .count = 1 };
		return true;
	}
	return false;
}
