/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the forms of option values. Must not know which options there are, nor
 * print: the caller names the option in its message.
 */
#include "options_parse.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "util/array.h"

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit count_units[] = {
	{ "", 1 }, { "k", 1000 }, { "M", 1000000 }, { "G", 1000000000 }, { 0 },
};

#define KIB (1ULL << 10)
#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

static const struct unit byte_units[] = {
	{ "", 1 },     { "B", 1 },     { "k", KIB },   { "K", KIB },  { "kB", KIB },
	{ "KB", KIB }, { "KiB", KIB }, { "M", MIB },   { "MB", MIB }, { "MiB", MIB },
	{ "G", GIB },  { "GB", GIB },  { "GiB", GIB }, { 0 },
};

#define SECOND_NS 1000000000ULL

static const struct unit time_units[] = {
	{ "", SECOND_NS },	 { "ms", SECOND_NS / 1000 }, { "s", SECOND_NS },
	{ "m", 60 * SECOND_NS }, { "h", 3600 * SECOND_NS },  { 0 },
};

/* Reads digits, leaves `*text` behind them. */
static int take_digits(const char **text, uint64_t *value)
{
	*value = 0;
	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
			return -ERANGE;
	}
	return 0;
}

/* Decimals behind a point, in billionths. */
static int take_fraction(const char **text, uint64_t *billionths)
{
	uint64_t place = 1000000000;

	*billionths = 0;
	if (**text != '.')
		return 0;
	(*text)++;
	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		place /= 10;
		*billionths += place * (uint64_t)(**text - '0');
	}
	return place ? 0 : -EINVAL;
}

static const struct unit *find_unit(const struct unit *units, const char *suffix)
{
	for (; units->suffix; units++)
		if (!strcmp(units->suffix, suffix))
			return units;
	return NULL;
}

static int parse_scaled(const char *text, const struct unit *units, uint64_t *value)
{
	const struct unit *unit;
	uint64_t number;
	int error = take_digits(&text, &number);

	if (error)
		return error;
	unit = find_unit(units, text);
	if (!unit)
		return -EINVAL;
	return __builtin_mul_overflow(number, unit->factor, value) ? -ERANGE : 0;
}

int options_parse_count(const char *text, uint64_t *count)
{
	return parse_scaled(text, count_units, count);
}

int options_parse_bytes(const char *text, uint64_t *bytes)
{
	return parse_scaled(text, byte_units, bytes);
}

int options_parse_time(const char *text, uint64_t *time_ns)
{
	const struct unit *unit;
	uint64_t whole, billionths, part_ns;
	int error = take_digits(&text, &whole);

	if (!error)
		error = take_fraction(&text, &billionths);
	if (error)
		return error;
	unit = find_unit(time_units, text);
	if (!unit)
		return -EINVAL;
	/* At most an hour in ns times 10^9: 80 bits. */
	part_ns = (uint64_t)((unsigned __int128)billionths * unit->factor / 1000000000);
	if (__builtin_mul_overflow(whole, unit->factor, time_ns) ||
	    __builtin_add_overflow(*time_ns, part_ns, time_ns))
		return -ERANGE;
	return 0;
}

static int add_pid(pid_t pid, pid_t **pids, size_t *count)
{
	pid_t *added;

	for (size_t i = 0; i < *count; i++)
		if ((*pids)[i] == pid)
			return 0;
	added = array_add(pids, count, sizeof(**pids));
	if (!added)
		return -ENOMEM;
	*added = pid;
	return 0;
}

int options_parse_pids(const char *text, pid_t **pids, size_t *count)
{
	for (;;) {
		uint64_t pid;
		int error = take_digits(&text, &pid);

		if (error)
			return error;
		if (pid > INT_MAX)
			return -ERANGE;
		if (!pid || (*text && *text != ','))
			return -EINVAL;
		error = add_pid((pid_t)pid, pids, count);
		if (error || !*text)
			return error;
		text++;
	}
}

int options_parse_word(const char *text, const char *const *words, int *index)
{
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*index = i;
			return 0;
		}
	}
	return -EINVAL;
}
