/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how what two commands need reads, as text and as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "analyze/usage.h"
#include "report/escape.h"
#include "report/format.h"
#include "report/json_value.h"
#include "report/report.h"
#include "report/verdict.h"

#define SITES_SHOWN 20

static const struct {
	const char *text;
	const char *name; /* in JSON */
	bool has_bytes;
} figures[USAGE_FIGURES] = {
	[USAGE_PEAK_LIVE] = { "peak of live bytes", "peak_live_bytes", true },
	[USAGE_BYTES] = { "bytes allocated", "allocated_bytes", true },
	[USAGE_ALLOCATIONS] = { "allocations", "allocations", false },
	[USAGE_PEAK_RSS] = { "peak resident set", "peak_rss_bytes", true },
};

static const char *signed_count(char buffer[FORMAT_SIZE], uint64_t first, uint64_t second)
{
	char number[FORMAT_SIZE];

	snprintf(buffer, FORMAT_SIZE, "%c%.40s", second < first ? '-' : '+',
		 format_count(number, second < first ? first - second : second - first));
	return buffer;
}

static void write_place(const struct usage_place *place, FILE *out)
{
	uint32_t skip = stack_first_frame(place->stack);
	char bytes[FORMAT_SIZE], count[FORMAT_SIZE];

	fprintf(out, "  %14s bytes in %10s  ",
		signed_count(bytes, place->bytes[0], place->bytes[1]),
		signed_count(count, place->count[0], place->count[1]));
	verdict_write_place(
		own_frame(place->stack->frames + skip, place->stack->frame_count - skip), out);
	fputc('\n', out);
}

int report_compare(const struct usage *least, const struct usage_differences *differences,
		   bool needs_more, FILE *stream)
{
	errno = 0;
	fprintf(stream, "leaktrace: %-20s %16s %16s %16s\n", "", "A", "B", "B - A");
	for (int i = 0; i < USAGE_FIGURES; i++) {
		const uint64_t a = least[0].figures[i], b = least[1].figures[i];
		bool is_known = i != USAGE_PEAK_RSS || (a && b);
		char first[FORMAT_SIZE], second[FORMAT_SIZE], change[FORMAT_SIZE];

		fprintf(stream, "           %-20s %16s %16s %16s\n", figures[i].text,
			a || is_known ? format_count(first, a) : "unknown",
			b || is_known ? format_count(second, b) : "unknown",
			is_known ? signed_count(change, a, b) : "unknown");
	}
	if (differences->count)
		fputs("\nCall sites that differ (B - A):\n", stream);
	for (size_t i = 0; i < differences->count && i < SITES_SHOWN; i++)
		write_place(differences->sorted[i], stream);
	if (differences->count > SITES_SHOWN)
		fprintf(stream, "  ... and %zu more\n", differences->count - SITES_SHOWN);
	fprintf(stream, "\nleaktrace: %s\n",
		needs_more ? "FAIL: B needs more than A" : "PASS: B needs no more than A");
	if (fflush(stream) != 0 || ferror(stream))
		return errno ? -errno : -EIO;
	return 0;
}

static json_t *json_usage(const struct usage *usage)
{
	json_t *value = json_object();

	for (int i = 0; i < USAGE_FIGURES; i++)
		json_set(&value, figures[i].name, json_number(usage->figures[i]));
	return value;
}

int report_compare_json(const struct usage *least, const struct usage_differences *differences,
			bool needs_more, FILE *stream)
{
	json_t *sites = json_array(), *root;

	for (size_t i = 0; i < differences->count; i++) {
		const struct usage_place *place = differences->sorted[i];
		struct finding finding = {
			.frames = place->stack->frames + stack_first_frame(place->stack),
			.frame_count = place->stack->frame_count - stack_first_frame(place->stack),
		};

		json_append(&sites,
			    json_pack("{s:[o, o], s:[o, o], s:o}", "count",
				      json_number(place->count[0]), json_number(place->count[1]),
				      "bytes", json_number(place->bytes[0]),
				      json_number(place->bytes[1]), "stack", json_stack(&finding)));
	}
	root = json_pack("{s:s, s:s, s:o, s:o, s:o}", "schema", "leaktrace-compare/1", "verdict",
			 needs_more ? "leak" : "clean", "a", json_usage(&least[0]), "b",
			 json_usage(&least[1]), "sites", sites);
	return json_write(root, stream);
}
