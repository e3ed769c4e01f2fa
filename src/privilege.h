/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaktrace may do itself, once it has what it needs. */
#ifndef LEAKTRACE_PRIVILEGE_H
#define LEAKTRACE_PRIVILEGE_H

/*
 * Gives up, for good, every capability that a trace under way does not need, in all sets, and the
 * right to gain any by executing a program (capabilities(7), PR_SET_NO_NEW_PRIVS). Called when the
 * command runs and probes sit: it is a process of its own, and keeps what it has. Returns 0 or
 * -errno.
 */
int privilege_drop(void);

#endif
