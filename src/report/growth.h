/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growth in words: of a trend, of all figures together, and line by line as a log. */
#ifndef LEAKTRACE_REPORT_GROWTH_H
#define LEAKTRACE_REPORT_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyze/growth_limits.h"
#include "analyze/trend.h"
#include "model/figure.h"

#define GROWTH_WORDS_BYTES 256

/* "growing +1.2 MB/min for 4 min (linear)"; `words` is filled and returned. */
const char *growth_words(char words[GROWTH_WORDS_BYTES], const struct trend *trend, bool has_bytes);

/* How a process does. */
enum growth_mood {
	GROWTH_UNKNOWN,
	GROWTH_STABLE,
	GROWTH_SAWTOOTH,
	GROWTH_GROWING,
};

/*
 * All figures in one sentence, those that grow first; of a figure that `figures` does not
 * have nothing is said.
 */
enum growth_mood growth_verdict(char words[GROWTH_WORDS_BYTES],
				const struct trend trends[FIGURE_COUNT],
				const struct figures *figures);

/*
 * "[  60s] heap 148.1 MB (+2.8 MB, +1.9%)  fd 12 (+0)": `before` is of the line before,
 * NULL for the first.
 */
void growth_log_line(FILE *stream, double seconds, const struct figures *now,
		     const struct figures *before);
/* From the first to the last, a line for each figure, with its trend and, but for what is fine, its
 * level. */
void growth_log_end(FILE *stream, const struct figures *first, const struct figures *last,
		    const struct trend trends[FIGURE_COUNT],
		    const enum growth_level levels[FIGURE_COUNT]);
/* "heap 806.4 KB -> 2.4 MB (+1.6 MB, +198.4%) growing +6.0 MB/min for 14 s (linear)" */
void growth_write_figure(FILE *stream, enum figure figure, const struct figures *first,
			 const struct figures *last, const struct trend *trend);

#endif
