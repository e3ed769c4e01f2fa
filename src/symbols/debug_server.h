/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug files from the servers that the user named in DEBUGINFOD_URLS. */
#ifndef LEAKTRACE_SYMBOLS_DEBUG_SERVER_H
#define LEAKTRACE_SYMBOLS_DEBUG_SERVER_H

#include <limits.h>

struct debug_server;

/*
 * Asks nobody before the first look-up, nor at all when DEBUGINFOD_URLS is unset
 * or empty or the library libdebuginfod is not installed. Returns NULL when out
 * of memory.
 */
struct debug_server *debug_server_new(void);
/* Takes NULL. */
void debug_server_free(struct debug_server *server);

/*
 * Fetches the debug file of a build-id (hex) to debuginfod's cache and gives its
 * path. Whether it is the right file is the caller's to check. One that is not
 * answered within DEBUGINFOD_TIMEOUT seconds (5 when unset) ends all asking, and
 * so does a minute of waiting in all. Takes a NULL server. Returns 0, -ENOENT
 * when no server has it or none is asked, or another -errno of libdebuginfod:
 * see debuginfod_find_debuginfo(3).
 */
int debug_server_find(struct debug_server *server, const char *build_id, char path[PATH_MAX]);

#endif
