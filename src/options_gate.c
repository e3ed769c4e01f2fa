/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options_gate.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/gate.h"
#include "analyze/growth_limits.h"
#include "model/kind.h"
#include "model/snapshot.h"
#include "options_parse.h"
#include "util/array.h"

#define LOST (1U << CLASS_DEFINITE | 1U << CLASS_POSSIBLE)
#define AMOUNT_BYTES 64

static const struct {
	const char *name;
	unsigned classes;
} class_words[] = {
	{ "definite", 1U << CLASS_DEFINITE },
	{ "indirect", 1U << CLASS_INDIRECT },
	{ "possible", 1U << CLASS_POSSIBLE },
	{ "reachable", 1U << CLASS_REACHABLE },
	{ "any", CLASSES_ALL },
};

/* The word up to one of `ends`; `*text` is left there. */
static int take_kind(const char **text, const char *ends, char kind[GATE_KIND_BYTES])
{
	size_t length = strcspn(*text, ends);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)(*text)[i]) && !strchr("_-", (*text)[i]))
			return -EINVAL;
	if (!length || length >= GATE_KIND_BYTES)
		return -EINVAL;
	memcpy(kind, *text, length);
	kind[length] = '\0';
	*text += length;
	return 0;
}

static int take_classes(const char **text, struct gate_rule *rule)
{
	rule->classes = 0;
	do {
		size_t length, i = 0, rows = sizeof(class_words) / sizeof(*class_words);

		++*text;
		length = strcspn(*text, ",>");
		while (i < rows && (strlen(class_words[i].name) != length ||
				    strncmp(*text, class_words[i].name, length) != 0))
			i++;
		if (i == rows)
			return -EINVAL;
		rule->classes |= class_words[i].classes;
		rule->any |= class_words[i].classes == CLASSES_ALL;
		*text += length;
	} while (**text == ',');
	return 0;
}

/* "blocks", "descriptors", ...: any kind's noun, or "count". */
static bool is_noun(const char *word)
{
	for (int kind = 0; kind < KIND_CUSTOM; kind++)
		if (!strcmp(word, kind_table[kind].noun) || !strcmp(word, kind_table[kind].nouns))
			return true;
	return !strcmp(word, "count");
}

static bool counts_bytes(const char *kind)
{
	for (size_t i = 0; i < KIND_CUSTOM; i++)
		if (!strcmp(kind, kind_table[i].name))
			return kind_bytes_matter(kind_table, i);
	return false;
}

/* "1MB", "100 blocks", "3". A bare number is bytes where a kind has bytes that matter. */
static int parse_amount(const char *text, size_t length, const char *kind,
			struct gate_amount *amount)
{
	char copy[AMOUNT_BYTES], *end;
	size_t digits;
	int error;

	if (length >= sizeof(copy))
		return -EINVAL;
	snprintf(copy, sizeof(copy), "%.*s", (int)length, text);
	digits = strspn(copy, "0123456789");
	for (end = copy + digits; *end == ' ';)
		end++;
	if (is_noun(end) || (!*end && !counts_bytes(kind))) {
		copy[digits] = '\0';
		amount->has_count = true;
		return options_parse_count(copy, &amount->count);
	}
	memmove(copy + digits, end, strlen(end) + 1);
	if (!strcmp(copy + digits, "bytes"))
		copy[digits] = '\0';
	error = options_parse_bytes(copy, &amount->bytes);
	amount->has_bytes = true;
	return error;
}

int options_add_rule(const struct option_row *row, const char *text, void *field)
{
	struct gate_rule rule = { .classes = LOST }, *slot;
	struct gate *gate = field;
	int error = take_kind(&text, ":>", rule.kind);

	(void)row;
	if (!error && *text == ':')
		error = take_classes(&text, &rule);
	if (!error && *text == '>') {
		text++;
		text += strspn(text, " ");
		error = parse_amount(text, strlen(text), rule.kind, &rule.limit);
	}
	if (error)
		return error;
	/* No kind of resource, but of judgement. */
	if (!strcmp(rule.kind, "growth")) {
		gate->judges_growth = true;
		return 0;
	}
	slot = array_add(&gate->rules, &gate->rule_count, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = rule;
	return 0;
}

int options_add_tolerances(const struct option_row *row, const char *text, void *field)
{
	struct gate *gate = field;

	(void)row;
	for (const char *end;; text = end + 1) {
		struct gate_tolerance tolerance = { 0 }, *slot;
		int error = take_kind(&text, "=", tolerance.kind);

		if (!error && *text != '=')
			error = -EINVAL;
		if (error)
			return error;
		end = strchrnul(++text, ',');
		error = parse_amount(text, (size_t)(end - text), tolerance.kind, &tolerance.amount);
		if (error)
			return error;
		slot = array_add(&gate->tolerances, &gate->tolerance_count, sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		*slot = tolerance;
		if (!*end)
			return 0;
	}
}

/* "5%" or "0.5%", up to one of `ends`. */
static int take_percent(const char **text, double *part)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	*part = strtod(*text, &end) / 100;
	if (*end != '%' || !isfinite(*part))
		return -EINVAL;
	*text = end + 1;
	return 0;
}

static int take_limit(const char **text, struct growth_limit *limit)
{
	size_t length = strcspn(*text, ":%,");
	char time[AMOUNT_BYTES];
	uint64_t time_ns;
	int error;

	limit->seconds = INFINITY;
	if ((*text)[length] == ':') {
		if (length >= sizeof(time))
			return -EINVAL;
		snprintf(time, sizeof(time), "%.*s", (int)length, *text);
		error = options_parse_time(time, &time_ns);
		if (error)
			return error;
		limit->seconds = (double)time_ns / 1e9;
		*text += length + 1;
	}
	error = take_percent(text, &limit->warn);
	if (error || **text != ':')
		return -EINVAL;
	++*text;
	error = take_percent(text, &limit->fail);
	return error ? error : limit->fail < limit->warn ? -EINVAL : 0;
}

int options_set_limits(const struct option_row *row, const char *text, void *field)
{
	struct growth_limits limits = { .count = 0 };

	(void)row;
	for (;; text++) {
		struct growth_limit *limit = &limits.rows[limits.count];
		int error = limits.count < GROWTH_LIMITS_MAX ? take_limit(&text, limit) : -ERANGE;

		if (error)
			return error;
		if (limits.count && limit->seconds <= limit[-1].seconds)
			return -EINVAL;
		limits.count++;
		if (!*text)
			break;
		if (*text != ',')
			return -EINVAL;
	}
	*(struct growth_limits *)field = limits;
	return 0;
}
