/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a mapping is, by the functions under it: for what the tracing itself could not tell. */
#ifndef LEAKTRACE_ANALYZE_ROLES_H
#define LEAKTRACE_ANALYZE_ROLES_H

#include "model/role.h"

struct snapshot;
struct stack;

/*
 * Sets the role of mappings held by nobody yet (their kind's probes alone were attached,
 * or the library tells nothing) whose stack leads through an allocator, the thread
 * library or the dynamic linker. Needs named stacks.
 */
void roles_settle(struct snapshot *snapshot);

/* Whose a mapping that was made under this named stack is. */
enum role roles_of_stack(const struct stack *stack);

#endif
