/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns what a statically linked leaktrace has in place of what loads shared libraries: those would
 * be of the machine it runs on, and fit no other glibc than the one it was linked with. Users and
 * groups are those of /etc/passwd and /etc/group, there is no debug server, and no host has an
 * address (which code of libxml2 looks for that is never called).
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/debug_server.h"

struct passwd *getpwnam(const char *name)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *user = NULL;

	if (!file)
		return NULL;
	do
		user = fgetpwent(file);
	while (user && strcmp(user->pw_name, name) != 0);
	fclose(file);
	return user;
}

static int is_member(const struct group *group, const char *user)
{
	char **member = group->gr_mem;

	while (*member && strcmp(*member, user) != 0)
		member++;
	return *member != NULL;
}

int initgroups(const char *user, gid_t first)
{
	FILE *file = fopen("/etc/group", "re");
	gid_t groups[NGROUPS_MAX] = { first };
	size_t count = 1;
	struct group *group;

	if (!file && errno != ENOENT)
		return -1;
	while (file && count < NGROUPS_MAX && (group = fgetgrent(file)))
		if (group->gr_gid != first && is_member(group, user))
			groups[count++] = group->gr_gid;
	if (file)
		fclose(file);
	return setgroups(count, groups);
}

struct debug_server *debug_server_new(void)
{
	return calloc(1, 1);
}

void debug_server_free(struct debug_server *server)
{
	free(server);
}

int debug_server_find(struct debug_server *server, const char *build_id, char path[PATH_MAX])
{
	(void)server;
	(void)build_id;
	(void)path;
	return -ENOENT;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	(void)host;
	(void)service;
	(void)hints;
	(void)result;
	return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

struct hostent *gethostbyname(const char *name)
{
	(void)name;
	return NULL;
}
