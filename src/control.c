/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/log.h"

#define NAME_BYTES 64
#define REQUEST_BYTES 128
/* Whoever asks and then says nothing holds up the trace no longer. */
#define PATIENCE_US 200000
#define WAITING_MAX 16

/* Beside the program: where it was built, or installed. */
static void tell_library(void)
{
	static const char *const places[] = { "", "../lib/", "../lib/x86_64-linux-gnu/",
					      "../lib/aarch64-linux-gnu/" };
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *folder;

	if (length < 0)
		return;
	program[length] = '\0';
	folder = dirname(program);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char path[PATH_MAX];
		int size = snprintf(path, sizeof(path), "%s/%slibleaktrace-mark.so", folder,
				    places[i]);

		if (size < (int)sizeof(path) && !access(path, R_OK)) {
			setenv("LEAKTRACE_MARK_LIBRARY", path, true);
			return;
		}
	}
}

int control_open(struct control *control)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[NAME_BYTES];
	uint64_t random;
	socklen_t size;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return -errno;
	snprintf(name, sizeof(name), "leaktrace-%d-%016llx", (int)getpid(),
		 (unsigned long long)random);
	/* Abstract names begin with a NUL, and are as long as said. */
	memcpy(address.sun_path + 1, name, strlen(name));
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	if (bind(control->fd, (const struct sockaddr *)&address, size) ||
	    listen(control->fd, WAITING_MAX)) {
		int error = -errno;

		control_close(control);
		return error;
	}
	setenv("LEAKTRACE_CONTROL", name, true);
	tell_library();
	return 0;
}

/* Up to the end of the line. Returns false when there is none. */
static bool read_request(int fd, char request[REQUEST_BYTES])
{
	size_t length = 0;

	while (length + 1 < REQUEST_BYTES) {
		ssize_t got = read(fd, request + length, REQUEST_BYTES - 1 - length);
		char *end;

		if (got <= 0)
			return false;
		length += (size_t)got;
		request[length] = '\0';
		end = strchr(request, '\n');
		if (end) {
			*end = '\0';
			return true;
		}
	}
	return false;
}

static bool may_ask(const struct control *control, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
	       control->may_ask(peer.pid, control->context);
}

static void answer(const struct control *control, int fd)
{
	const struct timeval patience = { .tv_usec = PATIENCE_US };
	char request[REQUEST_BYTES];
	FILE *out;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!may_ask(control, fd) || !read_request(fd, request) ||
	    strncmp(request, "scope ", 6) != 0) {
		close(fd);
		return;
	}
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		return;
	}
	control->answer(request + 6, out, control->context);
	fclose(out);
}

enum wait_answer control_ready(void *context)
{
	const struct control *control = context;
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		answer(control, fd);
	return WAIT_GO_ON;
}

void control_close(struct control *control)
{
	if (control->fd >= 0)
		close(control->fd);
	control->fd = -1;
}
