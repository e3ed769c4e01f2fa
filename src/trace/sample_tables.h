/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LEAKTRACE_TRACE_SAMPLE_TABLES_H
#define LEAKTRACE_TRACE_SAMPLE_TABLES_H

#include <stdint.h>

/*
 * What sample.bpf.h looks up, as the kernel has no logarithm: WIRE_SAMPLE_LOGS + 1 of them,
 * WIRE_SAMPLE_WEIGHTS + 1 weights, in units of 2^-24.
 */
void sample_tables_fill(uint32_t *logs, uint32_t *weights);

#endif
