/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call site: its history, the ages and sizes of what it holds, its stack. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyze/own_frame.h"
#include "live/compact.h"
#include "live/draw.h"
#include "model/snapshot.h"

#define GRAPH_ROWS 5
#define HISTOGRAM_ROWS DETAIL_AGES
#define LABEL_COLUMNS 8
#define COUNT_COLUMNS 6

/* ---- history -------------------------------------------------------------------------------- */

struct sum {
	const struct growth *growth;
	float values[TIMELINE_POINTS];
};

/* A part without a history has been what it is since it was first seen. */
static void add_history(const struct part *part, size_t place, void *context)
{
	struct sum *sum = context;
	const struct timeline *timeline = &sum->growth->timeline;

	(void)place;
	for (size_t i = 0; i < timeline->count; i++) {
		if (part->history)
			sum->values[i] += part->history[i];
		else if (timeline->times[i] * 1e9 >= (double)part->seen_ns)
			sum->values[i] += (float)growth_live(sum->growth, part->kind, &part->now);
	}
}

static int draw_history(struct canvas *canvas, const struct scene *scene, int row)
{
	const struct growth *growth = scene->growth;
	struct sum sum = { .growth = growth };
	size_t count = growth->timeline.count;
	int start = LABEL_COLUMNS + 1, width = canvas->columns - start;
	double high = 1;
	char text[COMPACT_BYTES];

	rows_each_part(growth, &scene->view->query, scene->view->detail_key, add_history, &sum);
	for (size_t i = 0; i < count; i++)
		high = fmax(high, (double)sum.values[i]);
	canvas_right(canvas, row, 0, LABEL_COLUMNS, STYLE_DIM, compact_number(text, high));
	canvas_right(canvas, row + GRAPH_ROWS - 1, 0, LABEL_COLUMNS, STYLE_DIM, "0");
	if (count)
		canvas_graph(canvas, row + GRAPH_ROWS - 1, GRAPH_ROWS, start, width, sum.values,
			     count, 0, high);
	if (count)
		canvas_printf(canvas, row + GRAPH_ROWS, start, width, STYLE_DIM,
			      "live, %s until now",
			      compact_time(text, (double)growth->time_ns / 1e9 -
							 growth->timeline.times[0]));
	return row + GRAPH_ROWS + 1;
}

/* ---- histograms ------------------------------------------------------------------------------ */

static void draw_histogram_row(struct canvas *canvas, int row, int column, int width,
			       const char *label, uint64_t count, uint64_t most)
{
	char text[COMPACT_BYTES];

	canvas_right(canvas, row, column, LABEL_COLUMNS, STYLE_DIM, label);
	canvas_right(canvas, row, column + LABEL_COLUMNS, COUNT_COLUMNS + 1, STYLE_NORMAL,
		     compact_number(text, (double)count));
	canvas_bar(canvas, row, column + LABEL_COLUMNS + COUNT_COLUMNS + 2,
		   width - LABEL_COLUMNS - COUNT_COLUMNS - 3,
		   most ? (double)count / (double)most : 0);
}

static void draw_ages(struct canvas *canvas, const struct site_detail *detail, int row, int column,
		      int width)
{
	static const char *const labels[DETAIL_AGES] = { "< 1s",  "< 10s", "< 1m",
							 "< 10m", "< 1h",  ">= 1h" };
	uint64_t most = 0;

	for (int i = 0; i < DETAIL_AGES; i++)
		most = detail->ages[i] > most ? detail->ages[i] : most;
	canvas_text(canvas, row, column, width, STYLE_BOLD, "     AGE  COUNT");
	for (int i = 0; i < DETAIL_AGES; i++)
		draw_histogram_row(canvas, row + 1 + i, column, width, labels[i], detail->ages[i],
				   most);
}

/* 1 << `shift`, as "512", "64Ki" */
static const char *binary_size(char buffer[COMPACT_BYTES], int shift)
{
	static const char *const units[] = { "", "Ki", "Mi", "Gi" };

	snprintf(buffer, COMPACT_BYTES, "%d%s", 1 << shift % 10, units[shift / 10]);
	return buffer;
}

/* As many sizes as there are lines, around those that there are most of. */
static void draw_sizes(struct canvas *canvas, const struct site_detail *detail, int row, int column,
		       int width)
{
	uint64_t most = 0;
	int first = DETAIL_SIZES, last = 0, line = row + 1;

	for (int i = 0; i < DETAIL_SIZES; i++) {
		most = detail->sizes[i] > most ? detail->sizes[i] : most;
		if (i < first && detail->sizes[i])
			first = i;
		if (detail->sizes[i])
			last = i;
	}
	canvas_text(canvas, row, column, width, STYLE_BOLD, "    SIZE  COUNT");
	for (int i = first; i <= last && line <= row + HISTOGRAM_ROWS; i++) {
		char number[COMPACT_BYTES], label[COMPACT_BYTES + 4];

		/* Empty ones between are left out when there are too many. */
		if (!detail->sizes[i] && last - first >= HISTOGRAM_ROWS)
			continue;
		snprintf(label, sizeof(label), "< %s", binary_size(number, i + 1));
		draw_histogram_row(canvas, line++, column, width, label, detail->sizes[i], most);
	}
}

static int draw_histograms(struct canvas *canvas, const struct scene *scene, int row)
{
	const struct site_detail *detail = &scene->view->detail;
	int width = canvas->columns / 2;

	if (!detail->is_known) {
		canvas_text(canvas, row, 0, canvas->columns, STYLE_DIM,
			    "ages and sizes: looking at what is live ...");
		return row + 1;
	}
	draw_ages(canvas, detail, row, 0, width);
	draw_sizes(canvas, detail, row, width, width);
	return row + HISTOGRAM_ROWS + 1;
}

static int draw_latest(struct canvas *canvas, const struct scene *scene, const struct row *row_data,
		       int row)
{
	const struct site_detail *detail = &scene->view->detail;
	const struct kind_info *kind = &scene->growth->snapshot->kinds[row_data->kind];
	int at;

	if (!detail->latest_count)
		return row;
	at = canvas_text(canvas, row, 0, canvas->columns, STYLE_BOLD, "LATEST ");
	for (size_t i = 0; i < detail->latest_count; i++) {
		const struct detail_resource *resource = &detail->latest[i];
		char text[64], size[COMPACT_BYTES];
		int length;

		if (kind->id_is_address && !row_data->counts_only)
			length = snprintf(text, sizeof(text), " 0x%llx (%s)",
					  (unsigned long long)resource->id,
					  compact_number(size, (double)resource->size));
		else
			length = snprintf(text, sizeof(text),
					  kind->id_is_address ? " 0x%llx" : " %lld",
					  (unsigned long long)resource->id);
		if (at + length > canvas->columns)
			break;
		at = canvas_text(canvas, row, at, canvas->columns - at, STYLE_NORMAL, text);
	}
	return row + 1;
}

/* ---- the stack ---------------------------------------------------------------------------------
 */

static void draw_frame(struct canvas *canvas, int row, const struct frame *frame)
{
	int columns = canvas->columns, source = columns * 45 / 100, module = columns * 80 / 100;

	if (frame->function)
		canvas_printf(canvas, row, 2, source - 3, STYLE_NORMAL, "%s%s", frame->function,
			      frame->inlined ? " (inlined)" : "");
	else
		canvas_printf(canvas, row, 2, source - 3, STYLE_NORMAL, "0x%llx",
			      (unsigned long long)frame->ip);
	if (frame->file)
		canvas_printf(canvas, row, source, module - source - 1, STYLE_NORMAL, "%s:%u",
			      module_name(frame->file), frame->line);
	canvas_text(canvas, row, module, columns - module, STYLE_DIM, module_name(frame->module));
}

static void draw_stack(struct canvas *canvas, const struct scene *scene, const struct part *part,
		       int row)
{
	int rows = scene->view->layout.last_row - row - 1;
	size_t top = scene->view->scroll, most;

	if (rows < 1)
		return;
	most = part->frame_count > (uint32_t)rows ? part->frame_count - (uint32_t)rows : 0;
	if (top > most)
		top = most;
	canvas_printf(canvas, row, 0, canvas->columns, STYLE_BOLD, "STACK, %u functions%s%s",
		      part->frame_count, part->truncated ? ", cut off" : "",
		      top < most || top ? " (Up, Down)" : "");
	for (int i = 0; i < rows && top + (size_t)i < part->frame_count; i++)
		draw_frame(canvas, row + 1 + i, &part->frames[top + (size_t)i]);
}

static void draw_summary(struct canvas *canvas, const struct scene *scene, const struct row *row)
{
	const struct kind_info *kind = &scene->growth->snapshot->kinds[row->kind];
	char live[COMPACT_BYTES], count[COMPACT_BYTES], growth[COMPACT_BYTES],
		change[COMPACT_BYTES], acquired[COMPACT_BYTES], released[COMPACT_BYTES];

	canvas_printf(canvas, 1, 0, canvas->columns, STYLE_NORMAL,
		      "%s %s in %s, %s/s, change %s, %s got/s, %s freed/s, %.0f%% kept", kind->name,
		      row->counts_only ? "" : compact_number(live, (double)row->live_bytes),
		      compact_number(count, (double)row->live_count),
		      compact_change(growth, row->growth),
		      compact_change(change, (double)row->change),
		      compact_number(acquired, row->acquired_per_s),
		      compact_number(released, row->released_per_s), row->kept * 100);
}

void draw_detail(struct canvas *canvas, const struct scene *scene)
{
	const struct row *row = view_detail_row(scene->view);
	char title[256];
	int at = 2;

	if (!row) {
		draw_title(canvas, "leaktrace");
		canvas_text(canvas, 1, 0, canvas->columns, STYLE_DIM,
			    "this site is gone, or does not pass the filters any more (Esc)");
		return;
	}
	snprintf(title, sizeof(title), "leaktrace  %.200s%s",
		 row->frame && row->frame->function ? row->frame->function : "(no name)",
		 scene->view->is_paused ? "  PAUSED" : "");
	draw_title(canvas, title);
	draw_summary(canvas, scene, row);
	at = draw_history(canvas, scene, at);
	at = draw_histograms(canvas, scene, at);
	at = draw_latest(canvas, scene, row, at);
	draw_stack(canvas, scene, row->part, at);
}
