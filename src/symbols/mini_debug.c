/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the unpacking of an ELF file within an ELF file, and its bounds. Knows
 * nothing of what is in it.
 */
#include "symbols/mini_debug.h"

#include <lzma.h>
#include <stdlib.h>

#include "elf/elf_file.h"

/* A few bytes can be packed to unfold to terabytes. */
#define MAX_BYTES ((size_t)64 << 20)
#define FIRST_BYTES ((size_t)1 << 20)
/* What the highest level of xz needs to unpack, and some. */
#define DECODER_BYTES ((uint64_t)80 << 20)

struct output {
	uint8_t *bytes;
	size_t size;
	size_t used;
};

static bool grow(struct output *output)
{
	size_t size = output->size ? output->size * 2 : FIRST_BYTES;
	uint8_t *grown = size <= MAX_BYTES ? realloc(output->bytes, size) : NULL;

	if (!grown)
		return false;
	output->bytes = grown;
	output->size = size;
	return true;
}

static bool unpack(lzma_stream *stream, struct output *output)
{
	lzma_ret result = LZMA_OK;

	while (result == LZMA_OK && (output->used < output->size || grow(output))) {
		stream->next_out = output->bytes + output->used;
		stream->avail_out = output->size - output->used;
		result = lzma_code(stream, LZMA_FINISH);
		output->used = output->size - stream->avail_out;
	}
	return result == LZMA_STREAM_END;
}

struct elf_file *mini_debug_open(struct elf_file *file)
{
	struct output output = { .bytes = NULL };
	lzma_stream stream = LZMA_STREAM_INIT;
	struct elf_file *mini = NULL;
	size_t size = 0;
	const uint8_t *packed = elf_file_section(file, ".gnu_debugdata", &size);

	if (!packed || lzma_stream_decoder(&stream, DECODER_BYTES, 0) != LZMA_OK)
		return NULL;
	stream.next_in = packed;
	stream.avail_in = size;
	if (unpack(&stream, &output) && elf_file_open_image(output.bytes, output.used, &mini))
		mini = NULL;
	lzma_end(&stream);
	free(output.bytes);
	return mini;
}
