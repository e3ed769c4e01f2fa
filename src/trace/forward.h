/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that do nothing themselves but hand on to another: operator delete
 * that jumps to free. A probe on both would see one event twice. Knows code bytes
 * and what its caller calls a target; knows no files and no allocators.
 */
#ifndef LEAKTRACE_TRACE_FORWARD_H
#define LEAKTRACE_TRACE_FORWARD_H

#include <stdbool.h>
#include <stdint.h>

#include "trace/code.h"

struct forward_targets {
	bool (*is_function)(uint64_t address, void *context);
	/*
	 * `slot`: address of a pointer that the loader fills in (of a PLT entry, say).
	 * When it leads to no target, `*function` is where else it leads; 0: elsewhere.
	 */
	bool (*is_slot)(uint64_t slot, uint64_t *function, void *context);
	void *context;
};

/*
 * True when every way through the function, tail calls included, reaches a target,
 * or else returns having called nothing and written nothing but its stack
 * (free(NULL)). False also when that cannot be seen: it takes too many
 * instructions, or jumps to where there is no code.
 */
bool forward_always(struct code_decoder *decoder, const struct code *code, uint64_t address,
		    const struct forward_targets *targets);

#endif
