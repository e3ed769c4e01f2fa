/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace/file_text: each sort of file in words, and records that no kernel sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "trace/file_text.h"

static struct wire_file file_of(uint32_t mode, const char *path, size_t bytes)
{
	struct wire_file file = { .mode = mode, .inode = 17, .path_bytes = bytes };

	memcpy(file.path, path, bytes);
	return file;
}

#define FILE_OF(mode, path) file_of(mode, path, sizeof(path))

static void assert_text(struct wire_file file, const char *wanted)
{
	char text[FILE_TEXT_BYTES];

	assert_string_equal(file_text(&file, text), wanted);
}

static struct wire_file deleted(struct wire_file file)
{
	file.is_deleted = 1;
	return file;
}

static void test_paths(void **state)
{
	struct wire_file file;

	(void)state;
	assert_text(FILE_OF(S_IFREG, "passwd\0etc"), "/etc/passwd");
	assert_text(file_of(S_IFDIR, "", 0), "/");
	assert_text(FILE_OF(S_IFCHR, "null\0dev"), "/dev/null");
	assert_text(FILE_OF(S_IFIFO, "queue\0tmp"), "/tmp/queue");
	assert_text(deleted(FILE_OF(S_IFREG, "x\0tmp")), "/tmp/x (deleted)");
	file = FILE_OF(S_IFREG, "c\0b");
	file.path_flags = WIRE_PATH_CUT;
	assert_text(file, ".../b/c");
	/* A file may have the name of a facility. */
	assert_text(FILE_OF(S_IFREG, "[eventfd]\0tmp"), "/tmp/[eventfd]");
	assert_text(FILE_OF(S_IFREG, "memfd:x\0tmp"), "/tmp/memfd:x");
}

static void test_without_path(void **state)
{
	(void)state;
	assert_text(file_of(S_IFIFO, "", 0), "pipe:[17]");
	assert_text(deleted(FILE_OF(S_IFREG, "memfd:blocks")), "memfd:blocks");
	assert_text(deleted(FILE_OF(0600, "[eventfd]")), "eventfd");
	assert_text(deleted(FILE_OF(0600, "[io_uring]")), "io_uring");
	assert_text(deleted(FILE_OF(0600, "bpf-map")), "bpf-map");
}

static struct wire_file socket_of(unsigned family, unsigned type, unsigned state)
{
	return (struct wire_file){
		.mode = S_IFSOCK, .family = family, .type = type, .state = state
	};
}

static void test_sockets(void **state)
{
	struct wire_file tcp = socket_of(AF_INET, SOCK_STREAM, 1);
	struct wire_file tcp6 = socket_of(AF_INET6, SOCK_STREAM, 10);
	struct wire_file local = socket_of(AF_UNIX, SOCK_STREAM, 1);

	(void)state;
	memcpy(tcp.local_address, "\x7f\0\0\1", 4);
	memcpy(tcp.remote_address, "\x0a\0\0\2", 4);
	tcp.local_port = 80;
	tcp.remote_port = 5000;
	assert_text(tcp, "tcp 127.0.0.1:80 -> 10.0.0.2:5000 ESTABLISHED");
	tcp6.local_address[15] = 1;
	tcp6.local_port = 443;
	assert_text(tcp6, "tcp6 [::1]:443 LISTEN");
	assert_text(socket_of(AF_INET, SOCK_STREAM, 7), "tcp CLOSE");
	assert_text(socket_of(AF_INET, SOCK_DGRAM, 7), "udp");
	assert_text(socket_of(AF_INET, SOCK_STREAM, 200), "tcp");
	assert_text(local, "unix");
	memcpy(local.path, "/run/x.sock", 12);
	local.path_bytes = 12;
	assert_text(local, "unix /run/x.sock");
	memcpy(local.path, "\0hidden", 7);
	local.path_bytes = 7;
	assert_text(local, "unix @hidden");
	assert_text(socket_of(AF_NETLINK, SOCK_RAW, 7), "netlink socket");
	assert_text(socket_of(99, 0, 0), "socket of family 99");
}

/* Any bytes give a text that ends. */
static void test_hostile(void **state)
{
	static const uint32_t modes[] = { S_IFREG, S_IFSOCK, S_IFIFO, S_IFCHR, 0, ~0U };
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[FILE_TEXT_BYTES + 1];
		struct wire_file file;
		uint8_t *bytes = (uint8_t *)&file;

		for (size_t i = 0; i < sizeof(file); i++)
			bytes[i] = rand_r(&seed) % 3 ? rand_r(&seed) : 0;
		file.mode = modes[rand_r(&seed) % (sizeof(modes) / sizeof(*modes))];
		file.family = rand_r(&seed) % 12;
		text[FILE_TEXT_BYTES] = 'x';
		assert_ptr_equal(file_text(&file, text), text);
		assert_true(strlen(text) < FILE_TEXT_BYTES);
		assert_int_equal(text[FILE_TEXT_BYTES], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_without_path),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
