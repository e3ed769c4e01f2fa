/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how the differences of two runs read, as text and as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "analyze/baseline.h"
#include "analyze/findings.h"
#include "analyze/verdict.h"
#include "report/escape.h"
#include "report/format.h"
#include "report/json_value.h"
#include "report/report.h"
#include "report/text.h"
#include "report/verdict.h"

static const char *const words[CHANGE_COUNT] = {
	[CHANGE_NEW] = "new",
	[CHANGE_GROWN] = "grown",
	[CHANGE_SHRUNK] = "shrunk",
	[CHANGE_GONE] = "gone",
};

/* "2.4 KB in 25 blocks" */
static void write_amount(const struct kind_info *kind, uint64_t count, uint64_t bytes, FILE *out)
{
	char text[FORMAT_SIZE];

	if (kind->has_bytes)
		fprintf(out, "%s in ", format_bytes(text, bytes));
	fputs(format_number_of(text, count, kind->noun, kind->nouns), out);
}

static void write_difference(const struct text_view *view, const struct difference *difference)
{
	const struct finding *finding = difference->finding;
	const struct kind_info *kind = &view->findings->snapshot->kinds[finding->site->kind];
	FILE *out = view->out;

	fprintf(out, "\n  %s%s%s: ", text_paint(view, PAINT_SIZE), words[difference->change],
		text_paint(view, PAINT_OFF));
	if (difference->change != CHANGE_NEW)
		write_amount(kind, difference->old_count, difference->old_bytes, out);
	if (difference->change == CHANGE_GROWN || difference->change == CHANGE_SHRUNK)
		fputs(" -> ", out);
	if (difference->change != CHANGE_GONE)
		write_amount(kind, difference->new_count, difference->new_bytes, out);
	if (finding->site->leak_class != CLASS_UNCLASSIFIED)
		fprintf(out, ", %s", leak_class_text(finding->site->leak_class));
	fputs(" in ", out);
	escape_write(out, finding->process->comm);
	fputc('\n', out);
	text_frames(view, finding);
}

static void write_headline(const struct text_view *view, const struct differences *differences)
{
	size_t counts[CHANGE_COUNT] = { 0 };

	for (size_t i = 0; i < differences->count; i++)
		counts[differences->all[i].change]++;
	fprintf(view->out, "leaktrace: call sites: %zu new, %zu grown, %zu shrunk, %zu gone\n",
		counts[CHANGE_NEW], counts[CHANGE_GROWN], counts[CHANGE_SHRUNK],
		counts[CHANGE_GONE]);
}

int report_diff(const struct findings *findings, const struct verdict *verdict,
		const struct differences *differences, const struct report_style *style,
		FILE *stream)
{
	const struct text_view view = { findings, verdict, style, stream };
	size_t shown = 0, limit = findings->filter.top ? findings->filter.top : SIZE_MAX;

	errno = 0;
	write_headline(&view, differences);
	for (size_t i = 0; i < differences->count; i++) {
		if (!finding_is_shown(&findings->filter, differences->all[i].finding))
			continue;
		if (shown++ < limit)
			write_difference(&view, &differences->all[i]);
	}
	if (shown > limit)
		fprintf(stream, "\n  ... and %zu more (--top 0 shows all)\n", shown - limit);
	text_verdict(&view);
	if (fflush(stream) != 0 || ferror(stream))
		return errno ? -errno : -EIO;
	return 0;
}

static json_t *json_difference(const struct difference *difference, const struct snapshot *snapshot)
{
	const struct finding *finding = difference->finding;

	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "change",
			 words[difference->change], "kind",
			 json_text(snapshot->kinds[finding->site->kind].name), "class",
			 leak_class_name(finding->site->leak_class), "comm",
			 json_text(finding->process->comm), "old_count",
			 json_number(difference->old_count), "old_bytes",
			 json_number(difference->old_bytes), "new_count",
			 json_number(difference->new_count), "new_bytes",
			 json_number(difference->new_bytes), "stack", json_stack(finding));
}

int report_diff_json(const struct findings *findings, const struct verdict *verdict,
		     const struct differences *differences, FILE *stream)
{
	json_t *list = json_array(), *root;

	for (size_t i = 0; i < differences->count; i++)
		json_append(&list, json_difference(&differences->all[i], findings->snapshot));
	root = json_pack("{s:s, s:s, s:o, s:o}", "schema", "leaktrace-diff/1", "verdict",
			 verdict_word_name(verdict->word), "reasons",
			 json_reasons(verdict, findings->snapshot), "changes", list);
	return json_write(root, stream);
}
