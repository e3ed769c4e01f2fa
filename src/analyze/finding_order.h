/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which call sites are one, and in which order findings come. */
#ifndef LEAKTRACE_ANALYZE_FINDING_ORDER_H
#define LEAKTRACE_ANALYZE_FINDING_ORDER_H

#include "analyze/findings.h"

/* Zero when two findings are to be one. */
int finding_compare_places(const struct finding *a, const struct finding *b);
/* By place; a total order, of struct finding. */
int finding_compare_sites(const void *left, const void *right);
/* Kinds and classes stand together, the worst first. */
int finding_compare_groups(const struct finding *a, const struct finding *b);
/* By enum finding_sort, inside of groups; what is equal, by place. */
extern int (*const finding_orders[])(const void *, const void *);

#endif
