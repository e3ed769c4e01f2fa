/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns how numbers read, the same in any locale. Knows nothing of what they count. */
#include "report/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *format_count(char buffer[FORMAT_SIZE], uint64_t count)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *end = buffer;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return buffer;
}

const char *format_number_of(char buffer[FORMAT_SIZE], uint64_t count, const char *noun,
			     const char *nouns)
{
	char number[FORMAT_SIZE];

	snprintf(buffer, FORMAT_SIZE, "%.27s %.35s", format_count(number, count),
		 count == 1 ? noun : nouns);
	return buffer;
}

const char *format_bytes(char buffer[FORMAT_SIZE], uint64_t bytes)
{
	static const char *const units[] = { "KB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000)
		return format_number_of(buffer, bytes, "byte", "bytes");
	/* 999.95 would be rounded to 1000.0. */
	for (; value >= 999.95 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		value /= 1000;
	snprintf(buffer, FORMAT_SIZE, "%.1f %s", value, units[unit]);
	return buffer;
}

const char *format_bytes_exact(char buffer[FORMAT_SIZE], uint64_t bytes)
{
	char human[FORMAT_SIZE], exact[FORMAT_SIZE];

	if (bytes < 1000)
		return format_bytes(buffer, bytes);
	snprintf(buffer, FORMAT_SIZE, "%.20s (%.27s bytes)", format_bytes(human, bytes),
		 format_count(exact, bytes));
	return buffer;
}

const char *format_age(char buffer[FORMAT_SIZE], uint64_t age_ns)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = { { 86400e9, "d" }, { 3600e9, "h" }, { 60e9, "min" }, { 1e9, "s" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if ((double)age_ns >= units[i].ns) {
			snprintf(buffer, FORMAT_SIZE, "%.1f %s", (double)age_ns / units[i].ns,
				 units[i].name);
			return buffer;
		}
	}
	snprintf(buffer, FORMAT_SIZE, "%" PRIu64 " ms", age_ns / 1000000);
	return buffer;
}
