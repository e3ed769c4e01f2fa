/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's files of trace events. Source: Documentation/trace/events.rst of the kernel. */
#ifndef LEAKTRACE_TRACE_TRACEFS_H
#define LEAKTRACE_TRACE_TRACEFS_H

/* Its root folder, to be closed. It need not be mounted. Returns a descriptor or -errno. */
int tracefs_open(void);
/* The number that perf_event_open(2) knows an event by, "syscalls/sys_exit_clone". Returns it or
 * -errno. */
int tracefs_event_id(int tracefs, const char *name);

#endif
