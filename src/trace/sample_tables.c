/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/sample_tables.h"

#include <math.h>

#include "wire.h"

void sample_tables_fill(uint32_t *logs, uint32_t *weights)
{
	const double one = 1 << 24;

	for (int i = 0; i <= WIRE_SAMPLE_LOGS; i++)
		logs[i] = (uint32_t)lround(-log(0.5 + 0.5 * i / WIRE_SAMPLE_LOGS) * one);
	for (int i = 0; i <= WIRE_SAMPLE_WEIGHTS; i++) {
		double steps = (double)i / WIRE_SAMPLE_STEPS;

		weights[i] = (uint32_t)lround((i ? steps / -expm1(-steps) : 1) * one);
	}
}
