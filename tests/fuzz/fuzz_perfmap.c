/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a compiler's perf-PID.map. */
#include "jit_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	jit_check(bytes, size, jit_table_add_map);
	return 0;
}
