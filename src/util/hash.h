/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash tables, uthash's: as it comes, it ends the process when memory is out. Here an entry that
 * was to be added is then not in the table, which is as it was before.
 */
#ifndef LEAKTRACE_UTIL_HASH_H
#define LEAKTRACE_UTIL_HASH_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Behind HASH_ADD...: false when out of memory. */
#define hash_has(entry) ((entry)->hh.tbl != NULL)

#endif
