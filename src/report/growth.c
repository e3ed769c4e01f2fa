/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/growth.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report/format.h"

/* "+1.2 MB", "-3" */
static const char *signed_value(char buffer[FORMAT_SIZE], double value, bool has_bytes)
{
	char number[FORMAT_SIZE];
	uint64_t size = (uint64_t)llround(fabs(value));

	snprintf(buffer, FORMAT_SIZE, "%c%.40s", value < 0 ? '-' : '+',
		 has_bytes && size ? format_bytes(number, size) : format_count(number, size));
	return buffer;
}

/* By the unit of time that makes a number to remember. */
static const char *rate(char buffer[FORMAT_SIZE], double per_second, bool has_bytes)
{
	static const struct {
		double seconds;
		const char *name;
	} units[] = { { 1, "s" }, { 60, "min" }, { 3600, "h" } };
	double least = has_bytes ? 10e6 : 10;
	char number[FORMAT_SIZE];
	size_t unit = 0;

	while (unit < 2 && fabs(per_second) * units[unit].seconds < least) {
		unit++;
		least = has_bytes ? 1000 : 1;
	}
	snprintf(buffer, FORMAT_SIZE, "%.40s/%s",
		 signed_value(number, per_second * units[unit].seconds, has_bytes),
		 units[unit].name);
	return buffer;
}

/* "45 s", "4 min", "3 h" */
static const char *duration(char buffer[FORMAT_SIZE], double seconds)
{
	if (seconds < 119.5)
		snprintf(buffer, FORMAT_SIZE, "%.0f s", seconds);
	else if (seconds < 7200)
		snprintf(buffer, FORMAT_SIZE, "%.0f min", seconds / 60);
	else
		snprintf(buffer, FORMAT_SIZE, "%.1f h", seconds / 3600);
	return buffer;
}

static const char *say(char words[GROWTH_WORDS_BYTES], const char *text)
{
	snprintf(words, GROWTH_WORDS_BYTES, "%s", text);
	return words;
}

const char *growth_words(char words[GROWTH_WORDS_BYTES], const struct trend *trend, bool has_bytes)
{
	static const char *const courses[] = {
		[TREND_LINEAR] = "linear",
		[TREND_ACCELERATING] = "ever faster",
		[TREND_SLOWING] = "ever slower",
	};
	char first[FORMAT_SIZE], second[FORMAT_SIZE];

	switch (trend->shape) {
	case TREND_WARMING_UP:
		return say(words, "warming up");
	case TREND_GROWING:
	case TREND_SHRINKING:
		snprintf(words, GROWTH_WORDS_BYTES, "%s %s for %s (%s)",
			 trend->slope > 0 ? "growing" : "shrinking",
			 rate(first, trend->slope, has_bytes), duration(second, trend->since),
			 courses[trend->course]);
		return words;
	case TREND_STEP:
	case TREND_PLATEAU:
		snprintf(words, GROWTH_WORDS_BYTES, "stable for %s, after %s%s",
			 duration(first, trend->since),
			 trend->shape == TREND_STEP ? "a step of " : "",
			 signed_value(second, trend->change, has_bytes));
		return words;
	case TREND_SAWTOOTH:
		return say(words, "sawtooth");
	case TREND_STABLE:
	case TREND_SHAPES:
		break;
	}
	return say(words, "stable");
}

/* ---- all figures ------------------------------------------------------------------------ */

/* What the program itself holds; the resident set grows with it, so it speaks when these do not. */
static const enum figure spoken[] = { FIGURE_HEAP, FIGURE_PAGES,   FIGURE_MAPPED,
				      FIGURE_FDS,  FIGURE_THREADS, FIGURE_RSS };

#define SPOKEN (sizeof(spoken) / sizeof(spoken[0]))

static void add_words(char words[GROWTH_WORDS_BYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_words(char words[GROWTH_WORDS_BYTES], const char *format, ...)
{
	size_t length = strlen(words);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words + length, GROWTH_WORDS_BYTES - length, format, arguments);
	va_end(arguments);
}

static bool is_spoken_of(const struct figures *figures, const struct trend *trends,
			 enum figure figure, enum trend_shape shape)
{
	return figures->values[figure] != FIGURE_UNKNOWN && trends[figure].shape == shape;
}

/* "heap growing ...; fd +3/min": the first in full; false when nothing has that shape. */
static bool say_shape(char words[GROWTH_WORDS_BYTES], const struct trend *trends,
		      const struct figures *figures, enum trend_shape shape)
{
	char one[GROWTH_WORDS_BYTES];

	for (size_t i = 0; i < SPOKEN; i++) {
		enum figure figure = spoken[i];

		if (!is_spoken_of(figures, trends, figure, shape) ||
		    (figure == FIGURE_RSS && words[0]))
			continue;
		if (words[0] && shape == TREND_GROWING)
			add_words(words, "; %s %s", figure_table[figure].name,
				  rate(one, trends[figure].slope, figure_table[figure].has_bytes));
		else
			add_words(
				words, "%s%s %s", words[0] ? "; " : "", figure_table[figure].name,
				growth_words(one, &trends[figure], figure_table[figure].has_bytes));
	}
	return words[0];
}

enum growth_mood growth_verdict(char words[GROWTH_WORDS_BYTES],
				const struct trend trends[FIGURE_COUNT],
				const struct figures *figures)
{
	static const enum trend_shape calm[] = { TREND_STEP, TREND_PLATEAU, TREND_SHRINKING };
	bool known = false;

	words[0] = '\0';
	if (say_shape(words, trends, figures, TREND_GROWING))
		return GROWTH_GROWING;
	if (say_shape(words, trends, figures, TREND_SAWTOOTH))
		return GROWTH_SAWTOOTH;
	for (size_t i = 0; i < sizeof(calm) / sizeof(calm[0]); i++)
		if (say_shape(words, trends, figures, calm[i]))
			return GROWTH_STABLE;
	for (size_t i = 0; i < SPOKEN; i++)
		known |= is_spoken_of(figures, trends, spoken[i], TREND_STABLE);
	say(words, known ? "stable" : "warming up");
	return known ? GROWTH_STABLE : GROWTH_UNKNOWN;
}

/* ---- the log ------------------------------------------------------------------------------ */

static const char *plain_value(char buffer[FORMAT_SIZE], enum figure figure, int64_t value)
{
	uint64_t size = value > 0 ? (uint64_t)value : 0;

	return figure_table[figure].has_bytes ? format_bytes(buffer, size)
					      : format_count(buffer, size);
}

/* "(+2.8 MB, +1.9%)"; of a count, and of what began at nothing, there is no percentage. */
static void write_change(FILE *stream, enum figure figure, int64_t before, int64_t now)
{
	double change = (double)(now - before);
	char text[FORMAT_SIZE];

	fprintf(stream, " (%s", signed_value(text, change, figure_table[figure].has_bytes));
	if (figure_table[figure].has_bytes && before > 0)
		fprintf(stream, ", %+.1f%%", change * 100 / (double)before);
	fputc(')', stream);
}

void growth_log_line(FILE *stream, double seconds, const struct figures *now,
		     const struct figures *before)
{
	const char *gap = "";

	fprintf(stream, "[%4.0fs] ", seconds);
	for (int i = 0; i < FIGURE_COUNT; i++) {
		enum figure figure = (enum figure)i;
		char value[FORMAT_SIZE];

		if (!figure_table[i].in_log || now->values[i] == FIGURE_UNKNOWN)
			continue;
		fprintf(stream, "%s%s %s", gap, figure_table[i].name,
			plain_value(value, figure, now->values[i]));
		write_change(stream, figure,
			     before && before->values[i] != FIGURE_UNKNOWN ? before->values[i]
									   : now->values[i],
			     now->values[i]);
		gap = "  ";
	}
	fputc('\n', stream);
	fflush(stream);
}

void growth_write_figure(FILE *stream, enum figure figure, const struct figures *first,
			 const struct figures *last, const struct trend *trend)
{
	char words[GROWTH_WORDS_BYTES], from[FORMAT_SIZE], to[FORMAT_SIZE];

	fprintf(stream, "%-7s %s -> %s", figure_table[figure].name,
		plain_value(from, figure, first->values[figure]),
		plain_value(to, figure, last->values[figure]));
	write_change(stream, figure, first->values[figure], last->values[figure]);
	fprintf(stream, " %s", growth_words(words, trend, figure_table[figure].has_bytes));
}

void growth_log_end(FILE *stream, const struct figures *first, const struct figures *last,
		    const struct trend trends[FIGURE_COUNT],
		    const enum growth_level levels[FIGURE_COUNT])
{
	static const char *const words[] = {
		[GROWTH_LEVEL_UNKNOWN] = "",
		[GROWTH_LEVEL_OK] = "",
		[GROWTH_LEVEL_WARN] = ": WARN",
		[GROWTH_LEVEL_FAIL] = ": FAIL",
	};

	for (int i = 0; i < FIGURE_COUNT; i++) {
		bool is_bad = levels[i] >= GROWTH_LEVEL_WARN;

		if ((!figure_table[i].in_log && !is_bad) || last->values[i] == FIGURE_UNKNOWN ||
		    first->values[i] == FIGURE_UNKNOWN)
			continue;
		growth_write_figure(stream, (enum figure)i, first, last, &trends[i]);
		fprintf(stream, "%s\n", words[levels[i]]);
	}
	fflush(stream);
}
