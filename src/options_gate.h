/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and tolerances of a gate, from text; forms of struct option_row. */
#ifndef LEAKTRACE_OPTIONS_GATE_H
#define LEAKTRACE_OPTIONS_GATE_H

struct option_row;

/*
 * "heap:definite,possible>1MB", "fd", "heap:any>100 blocks" into the struct gate at `gate`.
 * Returns 0, -EINVAL, -ERANGE or -ENOMEM.
 */
int options_add_rule(const struct option_row *row, const char *text, void *gate);
/* "heap=1KB,fd=0" */
int options_add_tolerances(const struct option_row *row, const char *text, void *gate);

/* "1m:5%:10%,5m:10%:15%,15%:20%" into the struct growth_limits at `limits`. */
int options_set_limits(const struct option_row *row, const char *text, void *limits);

#endif
