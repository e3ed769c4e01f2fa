/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the grammar of resource files. Must not know how kinds are traced. */
#include "trace/resource_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/kind.h"
#include "util/array.h"
#include "util/strings.h"

#define ARGUMENTS 5

struct parser {
	struct resource_kinds *kinds;
	struct resource_error *error;
	size_t first_kind; /* of this file */
	unsigned line;
	const char *line_start;
	char *rest; /* of the line */
	unsigned kind_line;
};

__attribute__((format(printf, 3, 4))) static int fail(struct parser *parser, const char *place,
						      const char *format, ...)
{
	va_list arguments;

	parser->error->line = parser->line;
	parser->error->column = place ? place - parser->line_start + 1 : 1;
	va_start(arguments, format);
	vsnprintf(parser->error->text, sizeof(parser->error->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int fail_memory(struct parser *parser)
{
	parser->error->line = 0;
	snprintf(parser->error->text, sizeof(parser->error->text), "%s", strerror(ENOMEM));
	return -ENOMEM;
}

/* The next word of the line, ended by a NUL; "" at the line's end. */
static char *next_word(struct parser *parser)
{
	char *word = parser->rest + strspn(parser->rest, " \t\r");
	char *end = word + strcspn(word, " \t\r");

	parser->rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* ---- kinds ----------------------------------------------------------------- */

static bool is_kind_name(const char *word)
{
	if (!islower((unsigned char)word[0]))
		return false;
	return word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool is_taken(const struct resource_kinds *kinds, const char *name)
{
	for (int i = 0; i < KIND_CUSTOM; i++)
		if (!strcmp(kind_table[i].name, name))
			return true;
	for (size_t i = 0; i < kinds->count; i++)
		if (!strcmp(kinds->kinds[i].name, name))
			return true;
	return !strcmp(name, "all");
}

/* In a word that is shown, '_' stands for a blank. */
static char *shown_word(const char *word)
{
	char *copy = strdup(word);

	for (char *place = copy; place && *place; place++)
		if (*place == '_')
			*place = ' ';
	return copy;
}

static bool has_function(const struct resource_kinds *kinds, size_t kind, enum resource_op op)
{
	for (size_t i = 0; i < kinds->function_count; i++)
		if (kinds->functions[i].kind == kind && kinds->functions[i].op == op)
			return true;
	return false;
}

/* A kind that is over must be of use. */
static int end_kind(struct parser *parser)
{
	const struct resource_kinds *kinds = parser->kinds;
	size_t last = kinds->count - 1;

	if (kinds->count == parser->first_kind)
		return 0;
	if (!has_function(kinds, last, RESOURCE_ACQUIRE)) {
		parser->line = parser->kind_line;
		return fail(parser, NULL, "kind %s has no 'acquire' line", kinds->kinds[last].name);
	}
	if (!has_function(kinds, last, RESOURCE_RELEASE)) {
		parser->line = parser->kind_line;
		return fail(parser, NULL, "kind %s has no 'release' line", kinds->kinds[last].name);
	}
	return 0;
}

static int set_kind_word(struct parser *parser, struct resource_kind *kind, const char *word)
{
	char **slot = !strncmp(word, "noun=", 5)    ? &kind->noun
		      : !strncmp(word, "nouns=", 6) ? &kind->nouns
						    : NULL;

	if (!strcmp(word, "bytes")) {
		kind->has_bytes = true;
		return 0;
	}
	if (!slot)
		return fail(parser, word, "'%s' is not understood; known are noun=, nouns=, bytes",
			    word);
	if (!strchr(word, '=')[1])
		return fail(parser, word, "a word is missing behind '='");
	if (!text_is_printable(word))
		return fail(parser, word, "a word is of printable ASCII");
	free(*slot);
	*slot = shown_word(strchr(word, '=') + 1);
	return *slot ? 0 : fail_memory(parser);
}

static int parse_kind(struct parser *parser)
{
	struct resource_kind *kind;
	const char *name, *word;
	int error = end_kind(parser);

	if (error)
		return error;
	name = next_word(parser);
	if (!is_kind_name(name))
		return fail(parser, name,
			    "a kind's name is of small letters, digits and '-', as in 'kind "
			    "sqlite-statement'");
	if (is_taken(parser->kinds, name))
		return fail(parser, name, "there is a kind '%s' already", name);
	if (parser->kinds->count == RESOURCE_KINDS_MAX)
		return fail(parser, name, "more than %d kinds", RESOURCE_KINDS_MAX);
	kind = array_add(&parser->kinds->kinds, &parser->kinds->count, sizeof(*kind));
	if (!kind)
		return fail_memory(parser);
	parser->kind_line = parser->line;
	kind->name = strdup(name);
	kind->noun = strdup(name);
	if (!kind->name || !kind->noun)
		return fail_memory(parser);
	while (!error && *(word = next_word(parser)))
		error = set_kind_word(parser, kind, word);
	if (!error && !kind->nouns && asprintf(&kind->nouns, "%ss", kind->noun) < 0)
		return fail_memory(parser);
	return error;
}

static struct resource_kind *current_kind(struct parser *parser)
{
	return parser->kinds->count > parser->first_kind
		       ? &parser->kinds->kinds[parser->kinds->count - 1]
		       : NULL;
}

static int parse_object(struct parser *parser)
{
	struct resource_kind *kind = current_kind(parser);
	const char *word = next_word(parser);

	if (!kind)
		return fail(parser, NULL, "'object' before any 'kind' line");
	if (!*word)
		return fail(parser, word, "a file's name is missing, as in 'object libz.so*'");
	for (; *word; word = next_word(parser)) {
		char **slot = array_add(&kind->objects, &kind->object_count, sizeof(*slot));

		if (slot)
			*slot = strdup(word);
		if (!slot || !*slot)
			return fail_memory(parser);
	}
	return 0;
}

/* ---- functions ------------------------------------------------------------- */

/* "arg3" to 2. Returns the first character behind it, NULL when it is none. */
static const char *parse_argument(const char *word, unsigned *argument)
{
	if (strncmp(word, "arg", 3) != 0 || word[3] < '1' || word[3] > '0' + ARGUMENTS)
		return NULL;
	*argument = word[3] - '1';
	return word + 4;
}

static int set_handle(struct parser *parser, struct resource_function *function, const char *value)
{
	const char *end;

	if (!strcmp(value, "return") && function->op == RESOURCE_ACQUIRE) {
		function->handle = HANDLE_RETURNED;
		function->handle_arg = RESOURCE_NO_ARG;
		return 0;
	}
	function->handle = HANDLE_ARGUMENT;
	if (value[0] == '*' && function->op == RESOURCE_ACQUIRE)
		function->handle = HANDLE_STORED;
	end = parse_argument(value + (function->handle == HANDLE_STORED), &function->handle_arg);
	if (end && !*end)
		return 0;
	return fail(parser, value,
		    function->op == RESOURCE_ACQUIRE
			    ? "a handle is return, arg1 to arg5, or *arg1 to *arg5"
			    : "the handle is one of arg1 to arg5");
}

static int set_size(struct parser *parser, struct resource_function *function, const char *value)
{
	const char *end = parse_argument(value, &function->size_arg);

	if (end && *end == '*')
		end = parse_argument(end + 1, &function->count_arg);
	if (end && !*end && function->op != RESOURCE_RELEASE)
		return 0;
	return fail(parser, value,
		    function->op == RESOURCE_RELEASE
			    ? "a release has no size"
			    : "a size is one of arg1 to arg5, or a product such as arg1*arg2");
}

static int set_when(struct parser *parser, struct resource_function *function, const char *value)
{
	static const char *const words[] = {
		[RESOURCE_NONZERO] = "nonzero",		  [RESOURCE_ZERO] = "zero",
		[RESOURCE_NONNEGATIVE] = "nonnegative",	  [RESOURCE_POSITIVE] = "positive",
		[RESOURCE_NOT_MINUS_ONE] = "notminusone", [RESOURCE_ANY] = "any",
	};

	if (function->op == RESOURCE_RESIZE)
		return fail(parser, value, "a resize has succeeded when it returns a handle");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strcmp(words[i], value)) {
			function->when = (enum resource_when)i;
			return 0;
		}
	}
	return fail(parser, value,
		    "ok= is one of nonzero, zero, nonnegative, positive, notminusone, any");
}

static const struct {
	const char *key;
	int (*set)(struct parser *parser, struct resource_function *function, const char *value);
} function_words[] = {
	{ "handle=", set_handle },
	{ "size=", set_size },
	{ "ok=", set_when },
};

#define FUNCTION_WORDS (sizeof(function_words) / sizeof(*function_words))

static int set_function_word(struct parser *parser, struct resource_function *function,
			     const char *word, bool seen[FUNCTION_WORDS])
{
	for (size_t i = 0; i < FUNCTION_WORDS; i++) {
		size_t length = strlen(function_words[i].key);

		if (strncmp(word, function_words[i].key, length) != 0)
			continue;
		if (seen[i])
			return fail(parser, word, "%s twice", function_words[i].key);
		seen[i] = true;
		return function_words[i].set(parser, function, word + length);
	}
	return fail(parser, word, "'%s' is not understood; known are handle=, size=, ok=", word);
}

static bool is_function_name(const char *word)
{
	if (!*word || isdigit((unsigned char)*word))
		return false;
	for (; *word; word++)
		if (!isalnum((unsigned char)*word) && !strchr("_.$@", *word))
			return false;
	return true;
}

static enum resource_when default_when(const struct resource_function *function)
{
	if (function->op == RESOURCE_RELEASE)
		return RESOURCE_ANY;
	return function->handle == HANDLE_RETURNED || function->op == RESOURCE_RESIZE
		       ? RESOURCE_NONZERO
		       : RESOURCE_ZERO;
}

static int check_function(struct parser *parser, const char *name)
{
	const struct resource_kinds *kinds = parser->kinds;

	if (!current_kind(parser))
		return fail(parser, NULL, "a function before any 'kind' line");
	if (!is_function_name(name))
		return fail(parser, name, "a function's name is missing, or none");
	if (kinds->function_count == RESOURCE_FUNCTIONS_MAX)
		return fail(parser, name, "more than %d functions", RESOURCE_FUNCTIONS_MAX);
	for (size_t i = 0; i < kinds->function_count; i++)
		if (kinds->functions[i].kind == kinds->count - 1 &&
		    !strcmp(kinds->functions[i].name, name))
			return fail(parser, name, "%s twice in one kind", name);
	return 0;
}

static int parse_function(struct parser *parser, enum resource_op op)
{
	struct resource_function *function, made = {
		.op = op,
		.kind = parser->kinds->count - 1,
		.size_arg = RESOURCE_NO_ARG,
		.count_arg = RESOURCE_NO_ARG,
	};
	const char *name = next_word(parser), *word;
	bool seen[FUNCTION_WORDS] = { false };
	int error = check_function(parser, name);

	while (!error && *(word = next_word(parser)))
		error = set_function_word(parser, &made, word, seen);
	if (error)
		return error;
	if (!seen[0])
		return fail(parser, name, "handle= is missing, as in '%s'",
			    op == RESOURCE_ACQUIRE ? "acquire fopen handle=return"
						   : "release fclose handle=arg1");
	if (!seen[2])
		made.when = default_when(&made);
	made.name = strdup(name);
	function = made.name ? array_add(&parser->kinds->functions, &parser->kinds->function_count,
					 sizeof(*function))
			     : NULL;
	if (!function) {
		free(made.name);
		return fail_memory(parser);
	}
	*function = made;
	return 0;
}

/* ---- lines ----------------------------------------------------------------- */

static int parse_line(struct parser *parser)
{
	static const char *const functions[] = {
		[RESOURCE_ACQUIRE] = "acquire",
		[RESOURCE_RELEASE] = "release",
		[RESOURCE_RESIZE] = "resize",
	};
	const char *word = next_word(parser);

	if (!*word)
		return 0;
	if (!strcmp(word, "kind"))
		return parse_kind(parser);
	if (!strcmp(word, "object"))
		return parse_object(parser);
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (!strcmp(word, functions[i]))
			return parse_function(parser, (enum resource_op)i);
	return fail(parser, word,
		    "'%s' is not understood; a line begins with kind, object, acquire, release or "
		    "resize",
		    word);
}

static int parse_lines(struct parser *parser, char *text, size_t length)
{
	char *end = text + length, *line, *next;
	int error = 0;

	for (line = text; !error && line < end; line = next) {
		char *nul = memchr(line, '\0', end - line);

		parser->line++;
		parser->line_start = line;
		next = memchr(line, '\n', end - line);
		next = next ? next + 1 : end;
		if (nul && nul < next)
			return fail(parser, nul, "a NUL byte: this is no text");
		if (next > line && next[-1] == '\n')
			next[-1] = '\0';
		line[strcspn(line, "#")] = '\0';
		parser->rest = line;
		error = parse_line(parser);
	}
	return error ?: end_kind(parser);
}

int resource_text_read(char *text, size_t length, struct resource_kinds *kinds,
		       struct resource_error *error)
{
	struct parser parser = { .kinds = kinds, .error = error, .first_kind = kinds->count };
	int result = parse_lines(&parser, text, length);

	if (!result && kinds->count == parser.first_kind) {
		parser.line = 0;
		result = fail(&parser, NULL, "no 'kind' line in it");
	}
	return result;
}
