/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/embedded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/elf_file.h"
#include "trace/code.h"

#define TEXT_BYTES_MAX 65536

static int find(const struct elf_symbol *symbol, void *context)
{
	if (strcmp(symbol->name, "__lsan_default_suppressions") != 0 || symbol->type != STT_FUNC)
		return 0;
	*(uint64_t *)context = symbol->address;
	return 1;
}

static uint64_t returned_address(struct elf_file *file, uint64_t function)
{
	struct code_decoder *decoder = code_decoder_new();
	struct code code = { 0 };
	uint64_t address = 0;

	code.bytes = elf_file_code(file, function, &code.start, &code.size);
	if (decoder && code.bytes)
		address = code_returned_address(decoder, &code, function);
	code_decoder_free(decoder);
	return address;
}

char *embedded_suppressions(struct elf_file *file, int fd)
{
	uint64_t function = 0, address, offset;
	char *text;
	ssize_t got;

	if (!elf_file_each_symbol(file, find, &function))
		return NULL;
	address = returned_address(file, function);
	offset = address ? elf_file_offset_of(file, address) : UINT64_MAX;
	text = offset != UINT64_MAX ? calloc(1, TEXT_BYTES_MAX) : NULL;
	if (!text)
		return NULL;
	got = pread(fd, text, TEXT_BYTES_MAX, (off_t)offset);
	/* A text that has no end is none. */
	if (got > 0 && memchr(text, 0, (size_t)got) && *text)
		return text;
	free(text);
	return NULL;
}
