/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What threads have at hand beside their stacks, and what ended ones have left. */
#ifndef LEAKTRACE_MEMORY_THREADS_H
#define LEAKTRACE_MEMORY_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct area;
struct graph;
struct reader;
struct wire_thread;

/* Registers, thread control blocks, signal stacks. */
void threads_take(struct reader *reader, struct graph *graph, const struct wire_thread *threads,
		  size_t count);

/* What a thread has returned is in its control block, until it is joined. */
void threads_take_results(struct reader *reader, struct graph *graph, const uint64_t *handles,
			  size_t count);

/*
 * Whether an area is the stack of a thread that has ended, which the thread library keeps
 * to use it again; then what its control block points to is taken.
 */
bool threads_stack_is_left(struct reader *reader, struct graph *graph, const struct area *area);

#endif
