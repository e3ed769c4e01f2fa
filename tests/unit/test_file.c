/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that were made to do harm: what is no file is not opened, links lead nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "util/file.h"

static char folder[] = "/tmp/leaktrace-unit-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder) ? -1 : 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {
		"file", "fifo", "link", "loop", "hollow", "made", "x"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	return chdir("/") ?: rmdir(folder);
}

static int opens(int (*open_file)(const char *path, struct stat *status), const char *path)
{
	struct stat status;
	int fd = open_file(path, &status);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* The alarm ends the test that waits for a FIFO's other end. */
static void test_only_files_are_opened(void **state)
{
	(void)state;
	put("file", "text");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	alarm(10);
	assert_int_equal(opens(file_open, "file"), 0);
	assert_int_equal(opens(file_open, "fifo"), -ENOEXEC);
	assert_int_equal(opens(file_open, "/dev/zero"), -ENOEXEC);
	assert_int_equal(opens(file_open, "/proc/self"), -ENOEXEC);
	assert_int_equal(opens(file_open, "nothing"), -ENOENT);
	assert_int_equal(opens(file_open, "loop"), -ELOOP);
	alarm(0);
}

static void test_links(void **state)
{
	char path[200];

	(void)state;
	put("file", "text");
	assert_int_equal(symlink("file", "link"), 0);
	assert_int_equal(opens(file_open, "link"), 0);
	assert_int_equal(opens(file_open_itself, "link"), -ENOEXEC);
	assert_int_equal(opens(file_open_itself, "file"), 0);
	snprintf(path, sizeof(path), "/proc/%d/root%s/link", (int)getpid(), folder);
	assert_int_equal(opens(file_open, path), 0);
	assert_int_equal(opens(file_open_itself, path), -ENOEXEC);
	/* Magic links lead out of a root, whatever it is. */
	snprintf(path, sizeof(path), "/proc/%d/root/proc/self/exe", (int)getpid());
	assert_int_equal(opens(file_open, path), -ELOOP);
	assert_int_equal(opens(file_open, "/proc/self/exe"), 0);
}

static void test_hollow(void **state)
{
	struct stat status;

	(void)state;
	put("hollow", "text");
	assert_int_equal(stat("hollow", &status), 0);
	assert_false(file_is_hollow(&status));
	assert_int_equal(truncate("hollow", 5LL << 30), 0);
	assert_int_equal(stat("hollow", &status), 0);
	assert_true(file_is_hollow(&status));
}

static void test_ours(void **state)
{
	struct stat mine = { .st_uid = geteuid(), .st_gid = getegid(), .st_mode = S_IFREG | 0664 };
	struct stat roots = { .st_mode = S_IFREG | 0755 };
	struct stat others = { .st_uid = 12345, .st_gid = 12345, .st_mode = S_IFREG | 0644 };

	(void)state;
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	assert_true(file_is_ours(&mine));
	assert_true(file_is_ours(&roots));
	assert_false(file_is_ours(&others));
	mine.st_mode |= S_IWOTH;
	assert_false(file_is_ours(&mine));
	roots.st_mode |= S_IWGRP;
	roots.st_gid = 12345;
	assert_int_equal(file_is_ours(&roots), getegid() == 12345);
	setenv("SUDO_UID", "12345", 1);
	setenv("SUDO_GID", "12345", 1);
	assert_int_equal(file_is_ours(&others), !geteuid());
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

/* Root called by sudo makes files that are the user's, and follows no link of his with root's
 * rights. */
static void test_results_are_the_users(void **state)
{
	struct stat status;
	FILE *stream;

	(void)state;
	if (geteuid())
		skip();
	setenv("SUDO_UID", "12345", 1);
	setenv("SUDO_GID", "12345", 1);
	assert_int_equal(chmod(folder, 0777), 0);
	stream = file_create("made");
	assert_non_null(stream);
	fclose(stream);
	assert_int_equal(stat("made", &status), 0);
	assert_int_equal(status.st_uid, 12345);
	assert_int_equal(status.st_gid, 12345);

	/* Root's file, where the user may not write: root may, unless a link leads there. */
	put("file", "text");
	stream = file_create("file");
	assert_non_null(stream);
	fclose(stream);
	put("file", "text");
	unlink("link");
	assert_int_equal(symlink("file", "link"), 0);
	assert_null(file_create("link"));
	assert_int_equal(errno, ELOOP);
	assert_int_equal(stat("file", &status), 0);
	assert_int_equal(status.st_size, 4);

	/* Nor is one followed on the way: to make a file, and to remove one that failed. */
	assert_int_equal(mkdir("roots", 0755), 0);
	assert_int_equal(symlink("roots", "way"), 0);
	assert_null(file_create("way/made"));
	assert_int_equal(errno, ELOOP);
	stream = file_create("roots/made");
	assert_non_null(stream);
	assert_int_equal(file_finish(stream, "roots/made", -EIO), -EIO);
	assert_int_equal(access("roots/made", F_OK), -1);
	stream = file_create("roots/made");
	assert_non_null(stream);
	assert_int_equal(file_finish(stream, "way/made", -EIO), -EIO);
	assert_int_equal(stat("roots/made", &status), 0);
	assert_int_equal(status.st_size, 0);
	unlink("roots/made");
	rmdir("roots");
	unlink("way");
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	assert_int_equal(chmod(folder, 0700), 0);
}

static void test_a_fifo_that_nobody_reads(void **state)
{
	(void)state;
	unlink("fifo");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	alarm(10);
	assert_null(file_create("fifo"));
	assert_int_equal(errno, ENXIO);
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_files_are_opened),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_hollow),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_results_are_the_users),
		cmocka_unit_test(test_a_fifo_that_nobody_reads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
