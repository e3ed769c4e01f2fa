/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process may do. */
#ifndef LEAKTRACE_UTIL_PRIVILEGE_H
#define LEAKTRACE_UTIL_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether it is effective. */
bool privilege_has(int capability);
/*
 * Gives up, for good, all other capabilities, in all sets, and the right to gain any by executing a
 * program (capabilities(7), PR_SET_NO_NEW_PRIVS). Returns 0 or -errno.
 */
int privilege_keep(const int *capabilities, size_t count);

#endif
