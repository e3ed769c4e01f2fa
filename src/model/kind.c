/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/kind.h"

const struct kind_info kind_table[KIND_CUSTOM] = {
	[KIND_HEAP] = { "heap", "block", "blocks", true, "allocations", "frees", "address", true },
	[KIND_MMAP] = { "mmap", "mapping", "mappings", true, "mapped", "unmapped", "address",
			true },
	[KIND_FD] = { "fd", "descriptor", "descriptors", false, "opened", "closed", "fd", false },
	[KIND_THREAD] = { "thread", "thread", "threads", true, "started", "joined", "tid", false },
	[KIND_PAGES] = { "pages", "page", "pages", true, "first touched", "given back", "address",
			 true },
};
