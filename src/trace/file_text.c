/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace/file_text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define ADDRESS_BYTES (INET6_ADDRSTRLEN + 10)

/* Adds to a text what fits. */
__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + used, FILE_TEXT_BYTES - used, format, arguments);
	va_end(arguments);
}

/* ---- paths ----------------------------------------------------------------- */

static size_t path_bytes(const struct wire_file *file)
{
	return file->path_bytes < WIRE_PATH_BYTES ? file->path_bytes : WIRE_PATH_BYTES;
}

/* Names are read from the last one on: each ends before the one behind it begins. */
static void add_path(char *text, const struct wire_file *file)
{
	size_t end = path_bytes(file);

	if (file->path_flags & WIRE_PATH_CUT)
		add(text, "...");
	else if (!end)
		add(text, "/");
	while (end) {
		size_t start = end - 1;

		while (start && file->path[start - 1])
			start--;
		add(text, "/%.*s", (int)(end - 1 - start), file->path + start);
		end = start;
	}
}

/* The only name of a file without a folder: "memfd:x", "[eventfd]". */
static void add_only_name(char *text, const struct wire_file *file)
{
	int length = (int)strnlen(file->path, path_bytes(file));

	if (length > 2 && file->path[0] == '[' && file->path[length - 1] == ']')
		add(text, "%.*s", length - 2, file->path + 1);
	else
		add(text, "%.*s", length, file->path);
}

/* Names that the kernel gives to files in no folder, whatever their mode. */
static bool has_known_beginning(const char *name)
{
	static const char *const beginnings[] = { "[", "memfd:", "anon_inode:", "SYSV", "bpf-" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (!strncmp(name, beginnings[i], strlen(beginnings[i])))
			return true;
	return false;
}

static bool is_only_name(const struct wire_file *file)
{
	size_t bytes = path_bytes(file);

	return bytes && strnlen(file->path, bytes) + 1 >= bytes &&
	       (!(file->mode & S_IFMT) || has_known_beginning(file->path));
}

static void add_file(char *text, const struct wire_file *file)
{
	if (is_only_name(file) && file->is_deleted) {
		add_only_name(text, file);
		return;
	}
	/* A file that never had a name: one of a kernel facility. */
	if (!S_ISREG(file->mode) && !S_ISDIR(file->mode) && !path_bytes(file)) {
		add(text, "%s:[%" PRIu64 "]", S_ISFIFO(file->mode) ? "pipe" : "file", file->inode);
		return;
	}
	add_path(text, file);
	if (file->is_deleted && path_bytes(file))
		add(text, " (deleted)");
}

/* ---- sockets --------------------------------------------------------------- */

static const char *state_name(unsigned state)
{
	static const char *const names[] = {
		NULL,	     "ESTABLISHED", "SYN_SENT",	  "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
		"TIME_WAIT", "CLOSE",	    "CLOSE_WAIT", "LAST_ACK", "LISTEN",	   "CLOSING",
	};

	return state < sizeof(names) / sizeof(*names) ? names[state] : NULL;
}

static void add_address(char *text, const struct wire_file *file, const uint8_t *address,
			unsigned port)
{
	char buffer[INET6_ADDRSTRLEN] = "";

	inet_ntop(file->family, address, buffer, sizeof(buffer));
	add(text, file->family == AF_INET6 ? " [%s]:%u" : " %s:%u", buffer, port);
}

static void add_internet(char *text, const struct wire_file *file)
{
	const char *state = state_name(file->state);
	bool is_stream = file->type == SOCK_STREAM;

	add(text, "%s%s",
	    is_stream		       ? "tcp"
	    : file->type == SOCK_DGRAM ? "udp"
				       : "raw",
	    file->family == AF_INET6 ? "6" : "");
	if (file->local_port || file->remote_port)
		add_address(text, file, file->local_address, file->local_port);
	if (file->remote_port) {
		add(text, " ->");
		add_address(text, file, file->remote_address, file->remote_port);
	}
	if (is_stream && state)
		add(text, " %s", state);
}

static void add_unix(char *text, const struct wire_file *file)
{
	size_t bytes = path_bytes(file);

	add(text, "unix");
	if (!bytes)
		return;
	if (file->path[0])
		add(text, " %.*s", (int)strnlen(file->path, bytes), file->path);
	else
		add(text, " @%.*s", (int)strnlen(file->path + 1, bytes - 1), file->path + 1);
}

static void add_socket(char *text, const struct wire_file *file)
{
	static const struct {
		unsigned family;
		const char *name;
	} others[] = {
		{ AF_NETLINK, "netlink" }, { AF_PACKET, "packet" },
		{ AF_VSOCK, "vsock" },	   { AF_BLUETOOTH, "bluetooth" },
		{ AF_CAN, "can" },	   { AF_ALG, "alg" },
		{ AF_XDP, "xdp" },
	};

	switch (file->family) {
	case AF_INET:
	case AF_INET6:
		add_internet(text, file);
		return;
	case AF_UNIX:
		add_unix(text, file);
		return;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (others[i].family == file->family) {
			add(text, "%s socket", others[i].name);
			return;
		}
	}
	add(text, "socket of family %u", file->family);
}

const char *file_text(const struct wire_file *file, char text[FILE_TEXT_BYTES])
{
	text[0] = '\0';
	if (S_ISSOCK(file->mode) && file->family)
		add_socket(text, file);
	else
		add_file(text, file);
	return text;
}
