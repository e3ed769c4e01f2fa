/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nanoseconds of making a descriptor by accept(2) and closing it, by a local socket. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 100000;
	/* An address of its own: the empty abstract one, chosen by the kernel. */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t bytes = sizeof(sa_family_t);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	double start, spent = 0;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, bytes) ||
	    listen(listener, 5))
		return 1;
	bytes = sizeof(address);
	if (getsockname(listener, (struct sockaddr *)&address, &bytes))
		return 1;
	for (int i = 0; i < rounds; i++) {
		int client = socket(AF_UNIX, SOCK_STREAM, 0), server;

		if (client < 0 || connect(client, (struct sockaddr *)&address, bytes))
			return 1;
		start = now_ns();
		server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (server < 0 || close(server))
			return 1;
		spent += now_ns() - start;
		close(client);
	}
	printf("%.1f\n", spent / rounds);
	return 0;
}
