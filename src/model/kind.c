/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/kind.h"

const struct kind_info kind_table[KIND_COUNT] = {
	[KIND_HEAP] = { "heap", "block", "blocks", true, "allocations", "frees", "address", true },
};
