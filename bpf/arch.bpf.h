/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The architecture's own: each header has the same functions, described in arch_x86.bpf.h. */
#ifndef LEAKTRACE_ARCH_BPF_H
#define LEAKTRACE_ARCH_BPF_H

#if defined(__TARGET_ARCH_x86)
#include "arch_x86.bpf.h"
#elif defined(__TARGET_ARCH_arm64)
#include "arch_arm64.bpf.h"
#else
#error "no header for this architecture"
#endif

#endif
