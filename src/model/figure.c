/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/figure.h"

const struct figure_info figure_table[FIGURE_COUNT] = {
	[FIGURE_RSS] = { "RSS", true, true, true },
	[FIGURE_PSS] = { "PSS", true, false, false },
	[FIGURE_USS] = { "USS", true, false, false },
	[FIGURE_VMS] = { "VMS", true, false, false },
	[FIGURE_HEAP] = { "heap", true, true, true },
	[FIGURE_MAPPED] = { "mapped", true, true, true },
	[FIGURE_FDS] = { "fd", false, true, true },
	[FIGURE_THREADS] = { "threads", false, true, true },
	[FIGURE_PAGES] = { "touched", true, true, true },
};
