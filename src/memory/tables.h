/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual tables of C++, told by their shape: addresses of code, in data that is not
 * written (Itanium C++ ABI, 2.5; the check is that of Valgrind's heuristic).
 */
#ifndef LEAKTRACE_MEMORY_TABLES_H
#define LEAKTRACE_MEMORY_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "reach/graph.h"

struct proc_map;
struct reader;
struct known_table;

struct tables {
	struct reader *reader;
	const struct proc_map *maps;
	size_t map_count;
	struct known_table *known; /* asked before */
};

/* What graph_set_tables() wants; `tables` must outlive the pass over memory. */
struct graph_tables tables_begin(struct tables *tables, struct reader *reader,
				 const struct proc_map *maps, size_t map_count);
void tables_clear(struct tables *tables);

#endif
