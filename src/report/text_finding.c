/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns how one finding reads: amount, resources, stack, what is lost with it. Must not
 * judge, sort or filter.
 */
#include "report/text.h"

#include <inttypes.h>
#include <string.h>

#include "analyze/findings.h"
#include "model/snapshot.h"
#include "report/escape.h"
#include "report/format.h"

/* A longer name does not push the columns of all the other lines. */
#define FUNCTION_COLUMNS 44
#define LOCATION_COLUMNS 28

static void write_spaces(FILE *out, size_t count)
{
	fprintf(out, "%*s", (int)count, "");
}

/* Ends a cell: spaces up to its column's width, two more to the next. */
static void end_cell(FILE *out, size_t columns, size_t width)
{
	write_spaces(out, (columns < width ? width - columns : 0) + 2);
}

/* Names are shown whole with -v, else without their folder. */
static const char *short_path(const struct text_view *view, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] && view->style->verbosity < 1 ? slash + 1 : path;
}

static size_t write_number(FILE *out, const char *format, uint64_t number)
{
	char text[FORMAT_SIZE];
	int length = snprintf(text, sizeof(text), format, number);

	if (out)
		fputs(text, out);
	return (size_t)length;
}

/* "function+0x1d", "function (inlined)", "module+0x1d", "0x1d". Returns columns. */
static size_t write_function(const struct text_view *view, FILE *out, const struct frame *frame)
{
	static const char inlined[] = " (inlined)";
	const char *name = frame->function ? frame->function : short_path(view, frame->module);
	size_t columns;

	if (!name)
		return write_number(out, "0x%" PRIx64, frame->ip);
	columns = escape_write(out, name);
	if (!frame->inlined)
		return columns + write_number(out, "+0x%" PRIx64, frame->offset);
	if (out)
		fputs(inlined, out);
	return columns + strlen(inlined);
}

/* "file.c:17", or nothing. Returns columns. */
static size_t write_location(const struct text_view *view, FILE *out, const struct frame *frame)
{
	size_t columns;

	if (!frame->file)
		return 0;
	columns = escape_write(out, short_path(view, frame->file));
	return frame->line ? columns + write_number(out, ":%" PRIu64, frame->line) : columns;
}

static void grow(size_t *width, size_t columns, size_t limit)
{
	if (columns > *width && columns <= limit)
		*width = columns;
}

static void write_frame(const struct text_view *view, const struct frame *frame,
			size_t function_width, size_t location_width)
{
	/* A frame without a function is already named after its module. */
	const char *module = frame->function ? short_path(view, frame->module) : NULL;
	size_t columns;

	write_spaces(view->out, 6);
	columns = write_function(view, view->out, frame);
	if (frame->file || module) {
		end_cell(view->out, columns, function_width);
		fputs(text_paint(view, PAINT_PATH), view->out);
		columns = write_location(view, view->out, frame);
		if (module) {
			if (location_width || columns)
				end_cell(view->out, columns, location_width);
			escape_write(view->out, module);
		}
		fputs(text_paint(view, PAINT_OFF), view->out);
	}
	fputc('\n', view->out);
}

void text_frames(const struct text_view *view, const struct finding *finding)
{
	size_t function_width = 0, location_width = 0;

	for (uint32_t i = 0; i < finding->frame_count; i++) {
		grow(&function_width, write_function(view, NULL, &finding->frames[i]),
		     FUNCTION_COLUMNS);
		grow(&location_width, write_location(view, NULL, &finding->frames[i]),
		     LOCATION_COLUMNS);
	}
	for (uint32_t i = 0; i < finding->frame_count; i++)
		write_frame(view, &finding->frames[i], function_width, location_width);
	if (!finding->frame_count)
		fputs("      unknown call site\n", view->out);
	else if (finding->truncated)
		fputs("      ... (stack cut off here)\n", view->out);
}

static void write_ages(FILE *out, const struct finding *finding)
{
	char oldest[FORMAT_SIZE], newest[FORMAT_SIZE];

	format_age(oldest, finding->oldest_age_ns);
	if (finding->live_count == 1)
		fprintf(out, ", age %s", oldest);
	else
		fprintf(out, ", oldest %s, newest %s", oldest,
			format_age(newest, finding->newest_age_ns));
}

/* Named resources that are listed under a finding. */
#define RESOURCES_SHOWN 4

/* "fd 7: /tmp/x.log", "0x7f0012340000: /tmp/data", "tid 17: worker" */
static void write_resource(const struct text_view *view, const struct kind_info *kind,
			   const struct resource *resource)
{
	write_spaces(view->out, 6);
	if (kind->id_is_address)
		fprintf(view->out, "0x%" PRIx64 ": ", resource->id);
	else
		fprintf(view->out, "%s %" PRIu64 ": ", kind->id_name, resource->id);
	escape_write(view->out, resource->name);
	fputc('\n', view->out);
}

/* What the resources are, for kinds whose resources have names. */
static void write_resources(const struct text_view *view, const struct kind_info *kind,
			    const struct finding *finding)
{
	size_t named = 0, limit = view->style->verbosity < 1 ? RESOURCES_SHOWN : SIZE_MAX;
	uint64_t now_ns = process_last_ns(view->findings->snapshot, finding->process);

	for (size_t i = 0; i < finding->site_count; i++) {
		const struct site *site = finding->sites[i];

		for (size_t j = 0; j < site->live_count; j++)
			if (site->live[j].name &&
			    finding_filter_passes(&view->findings->filter, kind, &site->live[j],
						  now_ns) &&
			    named++ < limit)
				write_resource(view, kind, &site->live[j]);
	}
	if (named > limit)
		fprintf(view->out, "      ... and %zu more (-v shows all)\n", named - limit);
}

/* Call sites of blocks that are lost with others, listed under these. */
#define HELD_SHOWN 3

static void write_held_site(const struct text_view *view, const struct process *process,
			    const struct held *held)
{
	const struct site *site = &process->sites[held->site];
	const struct stack *stack =
		site->stack < process->stack_count ? &process->stacks[site->stack] : NULL;
	char bytes[FORMAT_SIZE], blocks[FORMAT_SIZE];
	uint32_t frame = stack ? stack_first_frame(stack) : 0;

	fprintf(view->out, "        %s in %s", format_bytes(bytes, held->bytes),
		format_number_of(blocks, held->count, "block", "blocks"));
	if (stack && stack->frame_count) {
		fputs(" from ", view->out);
		write_function(view, view->out, &stack->frames[frame]);
		if (stack->frames[frame].file) {
			fputs("  ", view->out);
			write_location(view, view->out, &stack->frames[frame]);
		}
	}
	fputc('\n', view->out);
}

/* "holds 4,999 blocks more, 319.9 KB (319,936 bytes), indirectly lost:" and where these are from */
static void write_held(const struct text_view *view, const struct finding *finding)
{
	size_t limit = view->style->verbosity < 1 ? HELD_SHOWN : SIZE_MAX, shown = 0;
	char bytes[FORMAT_SIZE], blocks[FORMAT_SIZE];

	if (!finding->held_count)
		return;
	fprintf(view->out, "      %s %s, %s, indirectly lost:\n",
		finding->live_count == 1 ? "holds" : "hold",
		format_number_of(blocks, finding->held_count, "block more", "blocks more"),
		format_bytes_exact(bytes, finding->held_bytes));
	for (size_t i = 0; i < finding->site_count; i++)
		for (size_t j = 0; j < finding->sites[i]->held_count; j++)
			if (shown++ < limit)
				write_held_site(view, finding->process,
						&finding->sites[i]->held[j]);
	if (shown > limit)
		fprintf(view->out, "        ... and from %s (-v shows all)\n",
			format_number_of(blocks, shown - limit, "other call site",
					 "other call sites"));
}

#define AMOUNT_SIZE (2 * FORMAT_SIZE)

/* "3 blocks", "2.4 KB (2,400 bytes)"; of a sample "1,200 +- 31 blocks", "1.2 MB +- 60.1 KB". */
static void write_amount(char blocks[AMOUNT_SIZE], char bytes[AMOUNT_SIZE],
			 const struct finding *finding, const struct kind_info *kind)
{
	uint64_t count_error = estimate_count_error(&finding->live);
	char amount[FORMAT_SIZE], error[FORMAT_SIZE];

	if (!count_error) {
		format_number_of(blocks, finding->live_count, kind->noun, kind->nouns);
		format_bytes_exact(bytes, finding->live_bytes);
		return;
	}
	snprintf(blocks, AMOUNT_SIZE, "%s +- %s %s", format_count(amount, finding->live_count),
		 format_count(error, count_error), kind->nouns);
	snprintf(bytes, AMOUNT_SIZE, "%s +- %s", format_bytes(amount, finding->live_bytes),
		 format_bytes(error, estimate_bytes_error(&finding->live)));
}

void text_finding(const struct text_view *view, const struct finding *finding)
{
	const struct kind_info *kind = &view->findings->snapshot->kinds[finding->site->kind];
	const struct role_info *role = &role_table[finding->site->role];
	char bytes[AMOUNT_SIZE], blocks[AMOUNT_SIZE], lost[FORMAT_SIZE];
	FILE *out = view->out;

	fputs("\n  ", out);
	if (finding->site->leak_class != CLASS_UNCLASSIFIED)
		fprintf(out, "%s: ", leak_class_text(finding->site->leak_class));
	if (finding->live_count) {
		write_amount(blocks, bytes, finding, kind);
		fprintf(out, "%s%s%s%s%s%s%s, %.1f%%", text_paint(view, PAINT_SIZE),
			kind->has_bytes ? bytes : "", kind->has_bytes ? " in " : "", blocks,
			text_paint(view, PAINT_OFF), finding->site->role == ROLE_HELD ? "" : " ",
			finding->site->role == ROLE_HELD ? "" : role->text, finding->share * 100);
		if (finding->is_growing)
			fprintf(out, ", %sever more of them%s", text_paint(view, PAINT_LOSS),
				text_paint(view, PAINT_OFF));
		write_ages(out, finding);
	}
	if (finding->lost_count)
		fprintf(out, "%s%s%s of the %s here not tracked%s", finding->live_count ? ", " : "",
			text_paint(view, PAINT_LOSS), format_count(lost, finding->lost_count),
			kind->acquisitions, text_paint(view, PAINT_OFF));
	fputc('\n', out);
	write_resources(view, kind, finding);
	text_frames(view, finding);
	write_held(view, finding);
}
