/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capstone's handle, as code_ARCH.c uses it; each says what it is to be opened for. */
#ifndef LEAKTRACE_TRACE_CODE_DECODER_H
#define LEAKTRACE_TRACE_CODE_DECODER_H

#include <capstone/capstone.h>

#include "trace/code.h"

struct code_decoder {
	csh handle;
	cs_insn *insn;
};

extern const cs_arch code_arch;
extern const cs_mode code_mode;

#endif
