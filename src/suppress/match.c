/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns what a suppression fits. Must not know how it was written. */
#include <stdio.h>
#include <string.h>

#include "suppress/suppress.h"

/* Backs up to the last star alone: linear but for the length of what is between two stars. */
bool suppress_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* "malloc", "calloc", ...: the function that was called, which no stack has. */
static bool is_allocator_pattern(const struct pattern *pattern)
{
	static const char *const names[] = {
		"malloc",
		"calloc",
		"realloc",
		"memalign",
		"aligned_alloc",
		"posix_memalign",
		"valloc",
		"pvalloc",
		"reallocarray",
		"_Znwm",
		"_Znam",
		"_ZnwmRKSt9nothrow_t",
		"_ZnwmSt11align_val_t",
		"_ZnamRKSt9nothrow_t",
		"_ZnamSt11align_val_t",
		"operator new(unsigned long)",
		"operator new[](unsigned long)",
		"__builtin_new",
		"__builtin_vec_new",
	};

	if (pattern->where != PATTERN_FUNCTION)
		return pattern->where == PATTERN_OBJECT && strstr(pattern->text, "vgpreload");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (suppress_matches(pattern->text, names[i]))
			return true;
	return false;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "file.c" or "file.c:17", with or without folders. */
static bool source_fits(const char *pattern, const struct frame *frame)
{
	char with_line[4096];
	const char *name;

	if (!frame->file)
		return false;
	name = file_name(frame->file);
	if (suppress_matches(pattern, frame->file) || suppress_matches(pattern, name))
		return true;
	snprintf(with_line, sizeof(with_line), "%s:%u", name, frame->line);
	if (suppress_matches(pattern, with_line))
		return true;
	snprintf(with_line, sizeof(with_line), "%s:%u", frame->file, frame->line);
	return suppress_matches(pattern, with_line);
}

/* A C++ name without its parameters, as people write it. */
static bool plain_name_fits(const char *pattern, const char *function)
{
	size_t length = strcspn(function, "(");
	char plain[512];

	if (!function[length] || !length || length >= sizeof(plain))
		return false;
	memcpy(plain, function, length);
	plain[length] = '\0';
	return suppress_matches(pattern, plain);
}

static bool function_fits(const char *pattern, const struct frame *frame)
{
	if (!frame->function)
		return suppress_matches(pattern, "???");
	return suppress_matches(pattern, frame->function) ||
	       (frame->symbol && suppress_matches(pattern, frame->symbol)) ||
	       plain_name_fits(pattern, frame->function);
}

static bool frame_fits(const struct pattern *pattern, const struct frame *frame)
{
	switch (pattern->where) {
	case PATTERN_FUNCTION:
		return function_fits(pattern->text, frame);
	case PATTERN_OBJECT:
		return suppress_matches(pattern->text, frame->module ? frame->module : "???");
	case PATTERN_SOURCE:
		return source_fits(pattern->text, frame);
	case PATTERN_GAP:
		break;
	}
	return true;
}

/* Patterns from the innermost frame on; what is left of the stack is free. Like `*` above, a gap
 * backs up to the last one alone. */
static bool stack_fits(const struct pattern *patterns, size_t pattern_count,
		       const struct frame *frames, size_t frame_count)
{
	size_t pattern = 0, frame = 0, gap = SIZE_MAX, resume = 0;

	while (pattern < pattern_count) {
		if (patterns[pattern].where == PATTERN_GAP) {
			gap = pattern++;
			resume = frame;
		} else if (frame < frame_count && frame_fits(&patterns[pattern], &frames[frame])) {
			pattern++;
			frame++;
		} else if (gap != SIZE_MAX && resume < frame_count) {
			pattern = gap + 1;
			frame = ++resume;
		} else {
			return false;
		}
	}
	return true;
}

/* ---- LeakSanitizer's patterns ---------------------------------------------------------- */

static bool name_fits(const char *pattern, const char *name)
{
	return name && suppress_matches(pattern, name);
}

static bool fits_anywhere(const char *pattern, const struct suppress_query *query)
{
	for (uint32_t i = 0; i < query->frame_count; i++) {
		const struct frame *frame = &query->frames[i];

		if (name_fits(pattern, frame->function) || name_fits(pattern, frame->symbol) ||
		    name_fits(pattern, frame->file) || name_fits(pattern, frame->module))
			return true;
	}
	return false;
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool fits(const struct suppression *row, const struct suppress_query *query)
{
	const struct pattern *patterns = row->patterns;

	if (!row->kind || strcmp(row->kind, query->kind) != 0 ||
	    !(row->classes & 1U << query->leak_class))
		return false;
	if (row->anywhere)
		return fits_anywhere(patterns->text, query);
	/* Valgrind's stacks begin with malloc itself. Ours may have other frames of the allocator.
	 */
	for (uint32_t from = 0; from <= query->first && from < query->frame_count; from++) {
		const struct frame *frames = query->frames + from;
		size_t count = query->frame_count - from;

		if (stack_fits(patterns, row->pattern_count, frames, count) ||
		    (is_allocator_pattern(patterns) &&
		     stack_fits(patterns + 1, row->pattern_count - 1, frames, count)))
			return true;
	}
	return false;
}

size_t suppressions_find(const struct suppressions *suppressions,
			 const struct suppress_query *query)
{
	for (size_t i = 0; i < suppressions->count; i++)
		if (fits(&suppressions->rows[i], query))
			return i;
	return SUPPRESSION_NONE;
}
