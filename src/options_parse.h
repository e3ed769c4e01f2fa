/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of options, from text. Strict: the whole text must be the value; signs,
 * blanks, exponents and hexadecimal are refused, and nothing wraps around.
 */
#ifndef LEAKTRACE_OPTIONS_PARSE_H
#define LEAKTRACE_OPTIONS_PARSE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* All return 0, -EINVAL for what is no such value, -ERANGE for one too large. */

/* "100", "10k" (1,000), "2M" (1,000,000), "1G". */
int options_parse_count(const char *text, uint64_t *count);
/* Bytes: "4096", "64K", "64KB", "64KiB" (all 1,024), M, G alike. */
int options_parse_bytes(const char *text, uint64_t *bytes);
/* Seconds with up to nine decimals: "10", "0.5", "5s"; "250ms", "2m", "1.5h". */
int options_parse_time(const char *text, uint64_t *time_ns);
/*
 * Adds the process ids of "PID[,PID]..." that are not there yet to an array of
 * util/array.h. -ENOMEM as well.
 */
int options_parse_pids(const char *text, pid_t **pids, size_t *count);
/* The index of `text` in a NULL-terminated table. */
int options_parse_word(const char *text, const char *const *words, int *index);

#endif
