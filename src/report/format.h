/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers for people. Each function writes into `buffer` and returns it. */
#ifndef LEAKTRACE_REPORT_FORMAT_H
#define LEAKTRACE_REPORT_FORMAT_H

#include <stdint.h>

#define FORMAT_SIZE 64

/* "1,234,567" */
const char *format_count(char buffer[FORMAT_SIZE], uint64_t count);
/* "1,234,567 blocks", "1 block" */
const char *format_number_of(char buffer[FORMAT_SIZE], uint64_t count, const char *noun,
			     const char *nouns);
/* "1.2 MB" (a thousand thousands), "18 bytes" */
const char *format_bytes(char buffer[FORMAT_SIZE], uint64_t bytes);
/* "1.2 MB (1,234,567 bytes)", "18 bytes" */
const char *format_bytes_exact(char buffer[FORMAT_SIZE], uint64_t bytes);
/* "350 ms", "12.3 s", "1.5 h" */
const char *format_age(char buffer[FORMAT_SIZE], uint64_t age_ns);

#endif
