/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of the JSON report. An allocation that fails gives a NULL, which json_pack passes on up
 * to the root.
 */
#ifndef LEAKTRACE_REPORT_JSON_VALUE_H
#define LEAKTRACE_REPORT_JSON_VALUE_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

struct finding;
struct findings;
struct process_findings;
struct scope_results;
struct snapshot;
struct verdict;

json_t *json_number(uint64_t value);
/* NULL gives null. */
json_t *json_text(const char *text);
json_t *json_address(uint64_t address);
/* Appends to `*array` if both are there, else makes it NULL. */
void json_append(json_t **array, json_t *value);
void json_set(json_t **object, const char *key, json_t *value);
json_t *json_stack(const struct finding *finding);

#define JSON_INDENT_WIDTH 2

/* As it is written; NULL when out of memory, to be freed. */
char *json_to_text(const json_t *value);
/* Writes a whole document, which it takes over. Returns 0, -ENOMEM or -errno of the stream. */
int json_write(json_t *root, FILE *stream);

/* The parts that are of a verdict. */
json_t *json_reasons(const struct verdict *verdict, const struct snapshot *snapshot);
json_t *json_suppressions(const struct findings *findings);
/* The scopes of one process. */
json_t *json_scopes(const struct scope_results *results, const struct process_findings *process,
		    const struct snapshot *snapshot);

#endif
