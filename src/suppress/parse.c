/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns both grammars. Must not know what a suppression is held against. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suppress/suppress.h"
#include "util/array.h"

/* Far above any that is written by people; what is larger is no such file. */
#define FILE_BYTES_MAX (16u << 20)
#define LOST (1U << CLASS_DEFINITE | 1U << CLASS_INDIRECT | 1U << CLASS_POSSIBLE)

struct reader {
	struct suppressions *to;
	const char *text; /* the rest */
	const char *source;
	unsigned line; /* of `current` */
	char *current; /* without blanks at its ends */
	unsigned column;
	struct suppress_error *error;
};

static int fail(struct reader *reader, unsigned column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct reader *reader, unsigned column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reader->error->text, sizeof(reader->error->text), format, arguments);
	va_end(arguments);
	reader->error->line = reader->line;
	reader->error->column = reader->column + column;
	return -EINVAL;
}

/* Goes to the next line that says something. Returns 1, 0 at the end, -ENOMEM. */
static int next_line(struct reader *reader)
{
	while (*reader->text) {
		const char *start = reader->text, *end = strchrnul(start, '\n');
		const char *from = start, *to = end;

		reader->line++;
		reader->text = *end ? end + 1 : end;
		while (from < to && isspace((unsigned char)*from))
			from++;
		while (from < to && isspace((unsigned char)to[-1]))
			to--;
		if (from == to || *from == '#')
			continue;
		free(reader->current);
		reader->column = (unsigned)(from - start) + 1;
		reader->current = strndup(from, (size_t)(to - from));
		return reader->current ? 1 : -ENOMEM;
	}
	return 0;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static struct suppression *add_row(struct reader *reader)
{
	struct suppression *row =
		array_add(&reader->to->rows, &reader->to->count, sizeof(*reader->to->rows));

	if (row) {
		row->source = reader->source;
		row->line = reader->line;
		row->classes = CLASSES_ALL | 1U << CLASS_UNCLASSIFIED;
	}
	return row;
}

static int add_pattern(struct suppression *row, enum pattern_where where, const char *text)
{
	struct pattern *pattern =
		array_add(&row->patterns, &row->pattern_count, sizeof(*row->patterns));

	if (!pattern)
		return -ENOMEM;
	pattern->where = where;
	pattern->text = strdup(text);
	return pattern->text ? 0 : -ENOMEM;
}

/* ---- Valgrind's ---------------------------------------------------------------------- */

/* Kinds of Memcheck that have a line more before their stack. */
static bool has_parameter(const char *kind)
{
	return !strcmp(kind, "Param");
}

static bool names_tool(const char *tools, size_t length, const char *tool)
{
	while (length) {
		const char *comma = memchr(tools, ',', length);
		size_t part = comma ? (size_t)(comma - tools) : length;

		if (part == strlen(tool) && !strncmp(tools, tool, part))
			return true;
		part += comma != NULL;
		tools += part;
		length -= part;
	}
	return false;
}

/* "Memcheck,Addrcheck:Leak": what is of no concern to us is read, and matches nothing. */
static int take_tool(struct reader *reader, struct suppression *row, bool *parameter)
{
	const char *colon = strchr(reader->current, ':');
	const char *kind = NULL;
	size_t tools;

	if (!colon || colon == reader->current || !colon[1])
		return fail(reader, 0, "expected TOOL:KIND, such as Memcheck:Leak");
	tools = (size_t)(colon - reader->current);
	*parameter = names_tool(reader->current, tools, "Memcheck") && has_parameter(colon + 1);
	if (names_tool(reader->current, tools, "Memcheck") && !strcmp(colon + 1, "Leak"))
		kind = "heap";
	else if (names_tool(reader->current, tools, "CoreError") &&
		 !strcmp(colon + 1, "FdNotClosed"))
		kind = "fd";
	else if (names_tool(reader->current, tools, "leaktrace"))
		kind = colon + 1;
	if (!kind)
		return 0;
	row->kind = strdup(kind);
	return row->kind ? 0 : -ENOMEM;
}

/* "match-leak-kinds: definite,possible" */
static int take_classes(struct reader *reader, struct suppression *row)
{
	const char *text = strchr(reader->current, ':') + 1;

	row->classes = 0;
	for (const char *end;; text = end + 1) {
		size_t length;
		int i = 0;

		text += strspn(text, " \t");
		end = strchrnul(text, ',');
		length = (size_t)(end - text);
		while (length && isspace((unsigned char)text[length - 1]))
			length--;
		while (i < CLASS_UNCLASSIFIED &&
		       (strlen(leak_class_name((enum leak_class)i)) != length ||
			strncmp(text, leak_class_name((enum leak_class)i), length) != 0))
			i++;
		if (i < CLASS_UNCLASSIFIED)
			row->classes |= 1U << i;
		else if (length == 3 && !strncmp(text, "all", 3))
			row->classes |= CLASSES_ALL;
		else if (length != 4 || strncmp(text, "none", 4) != 0)
			return fail(
				reader, (unsigned)(text - reader->current),
				"expected definite, indirect, possible, reachable, all or none");
		if (!*end)
			return 0;
	}
}

static int take_frame(struct reader *reader, struct suppression *row)
{
	static const struct {
		const char *name;
		enum pattern_where where;
	} forms[] = {
		{ "fun:", PATTERN_FUNCTION },
		{ "obj:", PATTERN_OBJECT },
		{ "src:", PATTERN_SOURCE },
	};

	if (!strcmp(reader->current, "..."))
		return add_pattern(row, PATTERN_GAP, "");
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t length = strlen(forms[i].name);

		if (!begins(reader->current, forms[i].name))
			continue;
		if (!reader->current[length])
			return fail(reader, (unsigned)length, "expected a name after %s",
				    forms[i].name);
		return add_pattern(row, forms[i].where, reader->current + length);
	}
	return fail(reader, 0, "expected fun:, obj:, src: or ...");
}

/* The next line of a block. */
static int line_of_block(struct reader *reader, const char *wanted)
{
	int more = next_line(reader);

	if (more > 0)
		return 0;
	return more ? more : fail(reader, 0, "the file ends where %s is expected", wanted);
}

static int take_block(struct reader *reader)
{
	struct suppression *row = add_row(reader);
	bool parameter = false;
	size_t frames = 0;
	int error;

	if (!row)
		return -ENOMEM;
	error = line_of_block(reader, "a name");
	if (!error && !strcmp(reader->current, "}"))
		error = fail(reader, 0, "expected a name");
	if (!error) {
		row->name = strdup(reader->current);
		error = row->name ? line_of_block(reader, "TOOL:KIND") : -ENOMEM;
	}
	if (!error)
		error = take_tool(reader, row, &parameter);
	if (!error && parameter)
		error = line_of_block(reader, "the parameter");
	while (!error) {
		error = line_of_block(reader, "}");
		if (error || !strcmp(reader->current, "}"))
			break;
		if (begins(reader->current, "match-leak-kinds:") && !frames) {
			error = take_classes(reader, row);
			continue;
		}
		/* A parameter that only another tool knows. */
		if (!row->kind && !frames && !strchr(reader->current, ':') &&
		    strcmp(reader->current, "...") != 0)
			continue;
		error = take_frame(reader, row);
		frames++;
	}
	if (!error && !frames)
		error = fail(reader, 0, "no fun:, obj: or src: before the }");
	return error;
}

/* ---- LeakSanitizer's ----------------------------------------------------------------- */

/* Types of LeakSanitizer and its kin; those without a kind are of no concern to us. */
static const struct {
	const char *type;
	const char *kind;
} types[] = {
	{ "leak", "heap" },
	{ "fd", "fd" },
	{ "mmap", "mmap" },
	{ "thread", "thread" },
	{ "race", NULL },
	{ "race_top", NULL },
	{ "mutex", NULL },
	{ "signal", NULL },
	{ "deadlock", NULL },
	{ "called_from_lib", NULL },
	{ "interceptor_name", NULL },
	{ "interceptor_via_fun", NULL },
	{ "interceptor_via_lib", NULL },
	{ "odr_violation", NULL },
	{ "alloc_dealloc_mismatch", NULL },
};

/* For any part of a name, unless ^ or $ hold it. */
static int add_part_pattern(struct suppression *row, const char *text)
{
	size_t length = strlen(text);
	bool from_start = *text == '^', to_end = text[length - 1] == '$';
	char *wide;
	int error;

	length -= from_start + to_end;
	if (asprintf(&wide, "%s%.*s%s", from_start ? "" : "*", (int)length, text + from_start,
		     to_end ? "" : "*") < 0)
		return -ENOMEM;
	error = add_pattern(row, PATTERN_FUNCTION, wide);
	free(wide);
	return error;
}

static int take_one(struct reader *reader)
{
	const char *colon = strchr(reader->current, ':');
	size_t length = colon ? (size_t)(colon - reader->current) : 0, i = 0;
	struct suppression *row;

	while (i < sizeof(types) / sizeof(*types) &&
	       (strlen(types[i].type) != length ||
		strncmp(reader->current, types[i].type, length) != 0))
		i++;
	if (!length || i == sizeof(types) / sizeof(*types))
		return fail(reader, 0, "expected { or leak:, fd:, mmap:, thread:");
	if (!colon[1])
		return fail(reader, (unsigned)length + 1, "expected a pattern after the :");
	row = add_row(reader);
	if (!row)
		return -ENOMEM;
	row->anywhere = true;
	row->name = strdup(reader->current);
	row->kind = types[i].kind ? strdup(types[i].kind) : NULL;
	if (!row->name || (types[i].kind && !row->kind))
		return -ENOMEM;
	return add_part_pattern(row, colon + 1);
}

/* ---- the whole ----------------------------------------------------------------------- */

static int copy_source(struct suppressions *suppressions, const char *source, const char **copy)
{
	char **slot;

	*copy = NULL;
	if (!source)
		return 0;
	slot = array_add(&suppressions->sources, &suppressions->source_count, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = strdup(source);
	*copy = *slot;
	return *slot ? 0 : -ENOMEM;
}

static void clear_row(struct suppression *row)
{
	for (size_t i = 0; i < row->pattern_count; i++)
		free(row->patterns[i].text);
	free(row->patterns);
	free(row->name);
	free(row->kind);
	*row = (struct suppression){ 0 };
}

int suppressions_parse(struct suppressions *suppressions, const char *text, const char *source,
		       struct suppress_error *error)
{
	struct reader reader = { .to = suppressions, .text = text, .error = error };
	size_t before = suppressions->count;
	int result = copy_source(suppressions, source, &reader.source), more = 1;

	while (!result && (more = next_line(&reader)) > 0)
		result = strcmp(reader.current, "{") != 0 ? take_one(&reader) : take_block(&reader);
	free(reader.current);
	result = result ? result : more;
	/* Half a suppression would fit too much: of a bad text nothing is kept. */
	while (result && suppressions->count > before)
		clear_row(&suppressions->rows[--suppressions->count]);
	return result;
}

int suppressions_read(struct suppressions *suppressions, const char *path,
		      struct suppress_error *error)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	int result;

	*error = (struct suppress_error){ 0 };
	if (!file)
		return -errno;
	/* Up to a NUL: there is none in a text. */
	errno = 0;
	if (getdelim(&text, &size, '\0', file) < 0)
		result = ferror(file) ? -errno : 0;
	else if (strlen(text) > FILE_BYTES_MAX || !feof(file))
		result = -EFBIG;
	else
		result = suppressions_parse(suppressions, text, path, error);
	free(text);
	fclose(file);
	return result;
}

void suppressions_clear(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->count; i++)
		clear_row(&suppressions->rows[i]);
	for (size_t i = 0; i < suppressions->source_count; i++)
		free(suppressions->sources[i]);
	free(suppressions->rows);
	free(suppressions->sources);
	*suppressions = (struct suppressions){ 0 };
}
