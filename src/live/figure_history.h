/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The series of figures: a part of growth.c's work. */
#ifndef LEAKTRACE_LIVE_FIGURE_HISTORY_H
#define LEAKTRACE_LIVE_FIGURE_HISTORY_H

#include "live/growth.h"

/* With nothing known yet. */
void figure_history_begin(struct figure_history *history);

/* The figures of the sample that the timeline was just given. */
void figure_history_add(struct figure_history *history, const struct growth *growth,
			const struct figures *figures, enum timeline_change change,
			bool window_moves);

/* Adds what is known to `sum`. */
void figures_sum(struct figures *sum, const struct figures *figures);

#endif
