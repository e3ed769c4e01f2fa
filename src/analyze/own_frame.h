/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frame of a stack a user wants to read first. */
#ifndef LEAKTRACE_ANALYZE_OWN_FRAME_H
#define LEAKTRACE_ANALYZE_OWN_FRAME_H

#include <stdint.h>

struct frame;

/*
 * The innermost frame that is the user's own: behind the allocator's, libc's, the C++ and
 * Rust libraries'. The innermost that is no allocator's when there is none such, NULL for a
 * stack without frames.
 */
const struct frame *own_frame(const struct frame *frames, uint32_t count);

/* The function that the stack's thread began with: main, or what a thread was made for. */
const struct frame *thread_frame(const struct frame *frames, uint32_t count);

/* The file's name without folders; "?" for NULL. */
const char *module_name(const char *path);

#endif
