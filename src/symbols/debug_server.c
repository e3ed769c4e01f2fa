/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the way to libdebuginfod, which is loaded only when it is needed, and
 * how long a report may wait for it. Knows nothing of what is in the files.
 */
#include "symbols/debug_server.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY "libdebuginfod.so.1"

/* Seconds, as the variable has them; the library's own choice is 90. */
#define DEFAULT_TIMEOUT "5"
#define SECOND_NS 1000000000ULL
#define TOTAL_WAIT_NS (60 * SECOND_NS)

struct debuginfod_client; /* the library's */

/* Of <elfutils/debuginfod.h>, which is no build dependency. */
struct library {
	struct debuginfod_client *(*begin)(void);
	void (*end)(struct debuginfod_client *client);
	int (*find)(struct debuginfod_client *client, const unsigned char *build_id, int length,
		    char **path);
	void (*set_progress)(struct debuginfod_client *client,
			     int (*progress)(struct debuginfod_client *client, long done,
					     long total));
	void (*set_user_data)(struct debuginfod_client *client, void *data);
};

struct debug_server {
	void *handle;
	struct library library;
	struct debuginfod_client *client;
	bool tried;
	bool given_up;
	uint64_t timeout_ns;
	uint64_t asked_ns;  /* when the file under way was */
	uint64_t waited_ns; /* for the files before it */
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* ---- the library -------------------------------------------------------------- */

static bool load_functions(struct debug_server *server)
{
	struct library *library = &server->library;
	const struct {
		const char *name;
		void *function;
	} rows[] = {
		{ "debuginfod_begin", &library->begin },
		{ "debuginfod_end", &library->end },
		{ "debuginfod_find_debuginfo", &library->find },
		{ "debuginfod_set_progressfn", &library->set_progress },
		{ "debuginfod_set_user_data", &library->set_user_data },
	};

	/* It stays loaded: what it is made of does not survive being unloaded. */
	server->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	for (size_t i = 0; server->handle && i < sizeof(rows) / sizeof(*rows); i++) {
		void *function = dlsym(server->handle, rows[i].name);

		if (!function)
			return false;
		memcpy(rows[i].function, &function, sizeof(function));
	}
	return server->handle;
}

static int load(struct debug_server *server)
{
	const char *wanted;
	unsigned long timeout;

	server->tried = true;
	if (!load_functions(server))
		return -ENOENT;
	/* The library reads it too, for servers that begin to send and get stuck. */
	if (setenv("DEBUGINFOD_TIMEOUT", DEFAULT_TIMEOUT, 0))
		return -ENOMEM;
	wanted = getenv("DEBUGINFOD_TIMEOUT");
	timeout = wanted ? strtoul(wanted, NULL, 10) : 0;
	server->timeout_ns = timeout && timeout < TOTAL_WAIT_NS / SECOND_NS ? timeout * SECOND_NS
									    : TOTAL_WAIT_NS;
	server->client = server->library.begin();
	return server->client ? 0 : -ENOMEM;
}

static bool has_servers(void)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	return urls && urls[strspn(urls, " ")];
}

struct debug_server *debug_server_new(void)
{
	return calloc(1, sizeof(struct debug_server));
}

void debug_server_free(struct debug_server *server)
{
	if (!server)
		return;
	if (server->client)
		server->library.end(server->client);
	if (server->handle)
		dlclose(server->handle);
	free(server);
}

/* ---- asking --------------------------------------------------------------------- */

/* The library calls back with its client alone; asked anew, as there is no global to keep it in. */
static struct debug_server *server_of(struct debuginfod_client *client)
{
	void *(*user_data)(struct debuginfod_client * client) = NULL;
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD);
	void *function = handle ? dlsym(handle, "debuginfod_get_user_data") : NULL;
	struct debug_server *server;

	memcpy(&user_data, &function, sizeof(function));
	server = user_data ? user_data(client) : NULL;
	if (handle)
		dlclose(handle);
	return server;
}

/* Called at least once a second while a file is waited for; nonzero gives it up. */
static int give_up(struct debuginfod_client *client, long done, long total)
{
	struct debug_server *server = server_of(client);
	uint64_t waited_ns;

	(void)done; /* As long as nothing has come, it counts calls and not bytes. */
	if (!server)
		return 1;
	waited_ns = now_ns() - server->asked_ns;
	if ((total <= 0 && waited_ns >= server->timeout_ns) ||
	    server->waited_ns + waited_ns >= TOTAL_WAIT_NS)
		server->given_up = true;
	return server->given_up;
}

int debug_server_find(struct debug_server *server, const char *build_id, char path[PATH_MAX])
{
	char *found = NULL;
	uint64_t waited_ns;
	int fd, err = 0;

	if (!server || !has_servers())
		return -ENOENT;
	if (!server->tried)
		err = load(server);
	if (err || !server->client || server->given_up || server->waited_ns >= TOTAL_WAIT_NS)
		return err ? err : -ENOENT;
	server->library.set_user_data(server->client, server);
	server->library.set_progress(server->client, give_up);
	server->asked_ns = now_ns();
	/* A length of 0 says that the build-id is in hex. */
	fd = server->library.find(server->client, (const unsigned char *)build_id, 0, &found);
	waited_ns = now_ns() - server->asked_ns;
	server->waited_ns += waited_ns;
	if (fd < 0) {
		/* Its own time-out may have come before ours. */
		server->given_up = server->given_up || waited_ns >= server->timeout_ns;
		return fd;
	}
	close(fd);
	if (!found || snprintf(path, PATH_MAX, "%s", found) >= PATH_MAX)
		err = -ENOENT;
	free(found);
	return err;
}
