/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a thread's memory depends on the architecture and is known by its shape: one file per
 * architecture (control_x86.c) answers.
 */
#ifndef LEAKTRACE_MEMORY_CONTROL_H
#define LEAKTRACE_MEMORY_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes below the stack pointer that a function may use. */
extern const uint64_t control_red_zone;

/* Which word behind the thread pointer is the address of the dynamic thread vector. */
extern const size_t control_vector_word;

/* Words that hold the addresses of vectors; `words` are those from `address` on. */
struct control {
	size_t first;
	size_t count;
};

/* Finds the control block of a thread in a stack: the words that are its vector, or may be. */
bool control_find(const uint64_t *words, size_t count, uint64_t address, struct control *control);

#endif
