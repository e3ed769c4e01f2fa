/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a symbol's name. */
#include "fuzz.h"

#include "util/demangle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *name = fuzz_copy(bytes, size);

	free(symbol_demangle(name));
	free(name);
	return 0;
}
