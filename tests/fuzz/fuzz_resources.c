/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a file that defines kinds of resources. */
#include "fuzz.h"

#include "trace/resource_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct resource_kinds kinds = { 0 };
	struct resource_error error = { 0 };
	char *text = fuzz_copy(bytes, size);

	if (resource_text_read(text, size, &kinds, &error) && !error.text[0])
		abort();
	resource_kinds_clear(&kinds);
	free(text);
	return 0;
}
