/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread control block begins with the address of the dynamic thread vector. It is behind the
 * thread's record, the length of which differs between versions of glibc. In the record (nptl/
 * descr.h, struct pthread) is an empty list of robust mutexes: the address of the next word,
 * that word's own address, and the distance from a mutex's link to its lock.
 */
#include "memory/control.h"

#define WORD 8
#define LOCK_DISTANCE ((uint64_t)-32)

/* Procedure call standard: none. */
const uint64_t control_red_zone = 0;
const size_t control_vector_word = 0;

/* Any word behind may be the vector's address: few are addresses of 16 bytes into a block. */
bool control_find(const uint64_t *words, size_t count, uint64_t address, struct control *control)
{
	for (size_t i = 0; i + 2 < count; i++) {
		if (words[i] != address + (i + 1) * WORD || words[i + 1] != words[i] ||
		    words[i + 2] != LOCK_DISTANCE)
			continue;
		*control = (struct control){ .first = i + 3, .count = count - i - 3 };
		return true;
	}
	return false;
}
