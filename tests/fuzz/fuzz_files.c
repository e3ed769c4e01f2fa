/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the record of an open file. */
#include "fuzz.h"

#include "trace/file_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = malloc(FILE_TEXT_BYTES);
	struct wire_file *file = calloc(1, sizeof(*file));

	memcpy(file, bytes, size < sizeof(*file) ? size : sizeof(*file));
	if (file_text(file, text) != text || strlen(text) >= FILE_TEXT_BYTES)
		abort();
	free(file);
	free(text);
	return 0;
}
