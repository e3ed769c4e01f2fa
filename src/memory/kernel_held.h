/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pointers that a process has given to the kernel, to get them back later. */
#ifndef LEAKTRACE_MEMORY_KERNEL_HELD_H
#define LEAKTRACE_MEMORY_KERNEL_HELD_H

#include <sys/types.h>

struct graph;

/* The data of epoll_ctl(2) and the values of timer_create(2), as roots. */
void kernel_held_take(pid_t pid, struct graph *graph);

#endif
