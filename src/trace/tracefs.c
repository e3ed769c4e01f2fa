/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

/* A mount that nobody sees will do. */
int tracefs_open(void)
{
	int context = fsopen("tracefs", FSOPEN_CLOEXEC);
	int mount_fd = -1;

	if (context < 0)
		return -errno;
	if (!fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount_fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount_fd < 0)
		mount_fd = -errno;
	close(context);
	return mount_fd;
}

int tracefs_event_id(int tracefs, const char *name)
{
	char path[128], text[16] = "";
	int fd, id = -ENOENT;

	snprintf(path, sizeof(path), "events/%s/id", name);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) > 0)
		id = atoi(text);
	close(fd);
	return id;
}
