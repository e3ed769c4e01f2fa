/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "live/compact.h"

#include <math.h>
#include <stdio.h>

const char *compact_number(char buffer[COMPACT_BYTES], double value)
{
	static const char units[] = { 'K', 'M', 'G', 'T', 'P', 'E' };
	double size = fabs(value);
	const char *sign = value < 0 && size >= 0.05 ? "-" : "";
	int unit = -1;

	/* 999.5 would be rounded to 1000. */
	for (; size >= 999.5 && unit < 5; unit++)
		size /= 1000;
	if (unit < 0) {
		bool whole = size >= 10 || fabs(size - round(size)) < 0.05;

		snprintf(buffer, COMPACT_BYTES, whole ? "%s%.0f" : "%s%.1f", sign, size);
	} else {
		snprintf(buffer, COMPACT_BYTES,
			 size >= 99.95	 ? "%s%.0f%c"
			 : size >= 9.995 ? "%s%.1f%c"
					 : "%s%.2f%c",
			 sign, size, units[unit]);
	}
	return buffer;
}

const char *compact_change(char buffer[COMPACT_BYTES], double value)
{
	char number[COMPACT_BYTES];

	snprintf(buffer, COMPACT_BYTES, "%s%.20s", value >= 0.05 ? "+" : "",
		 compact_number(number, value));
	return buffer;
}

const char *compact_time(char buffer[COMPACT_BYTES], double seconds)
{
	long whole = seconds > 0 ? (long)seconds : 0;

	if (whole < 100)
		snprintf(buffer, COMPACT_BYTES, "%lds", whole);
	else if (whole < 6000)
		snprintf(buffer, COMPACT_BYTES, "%ldm%02ld", whole / 60, whole % 60);
	else if (whole < 360000)
		snprintf(buffer, COMPACT_BYTES, "%ldh%02ld", whole / 3600, whole / 60 % 60);
	else
		snprintf(buffer, COMPACT_BYTES, "%ldd", whole / 86400);
	return buffer;
}
