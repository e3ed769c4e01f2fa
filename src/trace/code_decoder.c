/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A decoder's begin and end, alike for every architecture. */
#include "trace/code_decoder.h"

#include <stdlib.h>

struct code_decoder *code_decoder_new(void)
{
	struct code_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	if (cs_open(code_arch, code_mode, &decoder->handle) != CS_ERR_OK) {
		free(decoder);
		return NULL;
	}
	cs_option(decoder->handle, CS_OPT_DETAIL, CS_OPT_ON);
	decoder->insn = cs_malloc(decoder->handle);
	if (!decoder->insn) {
		code_decoder_free(decoder);
		return NULL;
	}
	return decoder;
}

void code_decoder_free(struct code_decoder *decoder)
{
	if (!decoder)
		return;
	if (decoder->insn)
		cs_free(decoder->insn, 1);
	cs_close(&decoder->handle);
	free(decoder);
}
