/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether code that no call frame information describes keeps frame pointers. */
#ifndef LEAKTRACE_UNWIND_FRAME_POINTERS_H
#define LEAKTRACE_UNWIND_FRAME_POINTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * True when frame pointers are set up all over the code, as in the built-in
 * functions of V8 (node, Chromium), which are JavaScript's own code. False for a
 * function or two that do so (C compilers, for arrays of unknown size): there a
 * frame pointer is another function's, and following it would leave frames out.
 */
bool frame_pointers_kept(const uint8_t *code, size_t size);

#endif
