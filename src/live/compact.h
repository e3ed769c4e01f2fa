/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers for narrow columns: at most five characters, or six with a sign. Each function
 * writes into `buffer` and returns it. */
#ifndef LEAKTRACE_LIVE_COMPACT_H
#define LEAKTRACE_LIVE_COMPACT_H

#include <stdbool.h>

#define COMPACT_BYTES 24

/* "928", "12.3K", "1.25M": thousands. */
const char *compact_number(char buffer[COMPACT_BYTES], double value);
/* "+12.3K", "-4", "0" */
const char *compact_change(char buffer[COMPACT_BYTES], double value);
/* "12s", "4m10", "3h05", "12d" */
const char *compact_time(char buffer[COMPACT_BYTES], double seconds);

#endif
