/* SPDX-License-Identifier: GPL-2.0-or-later */
/* util/proc against lines as the kernel writes them, this process and its children. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/proc.h"

struct line_case {
	const char *line;
	struct proc_map map;
};

static const struct line_case good_lines[] = {
	{ "7f1c2a000000-7f1c2a021000 r-xp 00001000 fd:01 1234567                    "
	  "/usr/lib/x.so\n",
	  { .start = 0x7f1c2a000000,
	    .end = 0x7f1c2a021000,
	    .offset = 0x1000,
	    .device = 0xfdull << 20 | 1,
	    .inode = 1234567,
	    .readable = true,
	    .executable = true,
	    .path = "/usr/lib/x.so" } },
	{ "00400000-00401000 rw-s 00000000 00:00 0 \n",
	  { .start = 0x400000, .end = 0x401000, .readable = true, .writable = true, .path = "" } },
	{ "00400000-00401000 ---p 00000000 00:00 0",
	  { .start = 0x400000, .end = 0x401000, .path = "" } },
	{ "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
	  { .start = 0xffffffffff600000,
	    .end = 0xffffffffff601000,
	    .executable = true,
	    .path = "[vsyscall]" } },
	{ "00400000-00401000 r-xp 00000000 103:02 18446744073709551615   /a b/c  d (deleted)\n",
	  { .start = 0x400000,
	    .end = 0x401000,
	    .device = 0x103ull << 20 | 2,
	    .inode = UINT64_MAX,
	    .readable = true,
	    .executable = true,
	    .deleted = true,
	    .path = "/a b/c  d" } },
	{ "00400000-00401000 r-xp 00000000 08:01 5   /two\\012lines\\134\n",
	  { .start = 0x400000,
	    .end = 0x401000,
	    .device = 0x8ull << 20 | 1,
	    .inode = 5,
	    .readable = true,
	    .executable = true,
	    .path = "/two\nlines\\134" } },
};

static void test_parse_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good_lines) / sizeof(*good_lines); i++) {
		const struct proc_map *expected = &good_lines[i].map;
		struct proc_map map;
		char line[256];

		strcpy(line, good_lines[i].line);
		assert_int_equal(proc_map_parse(line, &map), 0);
		assert_int_equal(map.start, expected->start);
		assert_int_equal(map.end, expected->end);
		assert_int_equal(map.offset, expected->offset);
		assert_int_equal(map.device, expected->device);
		assert_int_equal(map.inode, expected->inode);
		assert_int_equal(map.readable, expected->readable);
		assert_int_equal(map.writable, expected->writable);
		assert_int_equal(map.executable, expected->executable);
		assert_int_equal(map.deleted, expected->deleted);
		assert_string_equal(map.path, expected->path);
		assert_true(map.path >= line && map.path < line + sizeof(line));
	}
}

static void test_parse_bad(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"nonsense\n",
		"00400000-00401000\n",
		"00400000-00401000 r-xp 00000000 08:01\n",
		"00400000-00401000 r-x 00000000 08:01 5 /x\n",
		"00400000-00401000 r-xpp 00000000 08:01 5 /x\n",
		"00401000-00400000 r-xp 00000000 08:01 5 /x\n",
		"zz400000-00401000 r-xp 00000000 08:01 5 /x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct proc_map map;
		char line[256];

		strcpy(line, lines[i]);
		if (proc_map_parse(line, &map) != -EINVAL)
			fail_msg("accepted: %s", lines[i]);
	}
}

static void test_own_maps(void **state)
{
	struct proc_map *maps, *code = NULL;
	uint64_t here = (uintptr_t)&test_own_maps;
	struct stat status;
	size_t count;

	(void)state;
	assert_int_equal(proc_maps_read(getpid(), &maps, &count), 0);
	assert_true(count > 5);
	for (size_t i = 0; i < count; i++) {
		if (maps[i].start <= here && here < maps[i].end)
			code = &maps[i];
		assert_true(i == 0 || maps[i - 1].end <= maps[i].start);
	}
	assert_non_null(code);
	assert_true(code->executable && code->readable && !code->writable && !code->deleted);
	assert_int_equal(stat("/proc/self/exe", &status), 0);
	assert_int_equal(code->inode, status.st_ino);
	proc_maps_free(maps, count);
}

static pid_t start_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void end_child(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_gone(void **state)
{
	struct proc_map *maps;
	struct proc_stat stat;
	char comm[16];
	size_t count;
	pid_t pid = start_child();

	(void)state;
	end_child(pid);
	assert_int_equal(proc_maps_read(pid, &maps, &count), -ESRCH);
	assert_null(maps);
	assert_int_equal(count, 0);
	assert_int_equal(proc_comm(pid, comm), -ESRCH);
	assert_int_equal(proc_stat_read(pid, &stat), -ESRCH);
	assert_int_equal(proc_tgid(pid), -ESRCH);
}

/* A name made to confuse those who look for the first parenthesis or newline. */
static void test_stat_and_comm(void **state)
{
	static const char name[] = "a) R 1 (\nx) Z";
	char comm[16], saved[16];
	struct proc_stat own, child;
	siginfo_t info;
	pid_t pid;

	(void)state;
	assert_int_equal(prctl(PR_GET_NAME, saved), 0);
	assert_int_equal(prctl(PR_SET_NAME, name), 0);
	assert_int_equal(proc_comm(getpid(), comm), 0);
	assert_string_equal(comm, name);
	assert_int_equal(proc_stat_read(getpid(), &own), 0);
	assert_int_equal(own.ppid, getppid());
	assert_int_equal(own.state, 'R');
	assert_false(own.kernel_thread);
	pid = start_child();
	assert_int_equal(proc_stat_read(pid, &child), 0);
	assert_int_equal(child.ppid, getpid());
	assert_true(child.start_ticks >= own.start_ticks);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(proc_stat_read(pid, &child), 0);
	assert_int_equal(child.state, 'Z');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(prctl(PR_SET_NAME, "exactly15chars."), 0);
	assert_int_equal(proc_comm(getpid(), comm), 0);
	assert_string_equal(comm, "exactly15chars.");
	assert_int_equal(prctl(PR_SET_NAME, saved), 0);
}

static void *ask_from_thread(void *context)
{
	(void)context;
	return (void *)(intptr_t)proc_tgid(gettid());
}

static void test_tgid(void **state)
{
	pthread_t thread;
	void *answer;

	(void)state;
	assert_int_equal(proc_tgid(getpid()), getpid());
	assert_int_equal(pthread_create(&thread, NULL, ask_from_thread, NULL), 0);
	assert_int_equal(pthread_join(thread, &answer), 0);
	assert_int_equal((intptr_t)answer, getpid());
}

static void test_identity(void **state)
{
	struct proc_identity identity;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child)
		_exit(0);
	assert_int_equal(proc_identity_read(getpid(), &identity), 0);
	assert_int_equal(identity.uid, getuid());
	assert_int_equal(identity.inner_pid, getpid());
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(proc_identity_read(child, &identity), -ESRCH);
}

static void test_root(void **state)
{
	char root[PROC_ROOT_BYTES], expected[PROC_ROOT_BYTES];
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	assert_int_equal(waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	proc_root(pid, root);
	assert_string_equal(root, "");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	proc_root(pid, root);
	assert_string_equal(root, "");
	snprintf(expected, sizeof(expected), "/proc/%d/root", getpid());
	proc_root(getpid(), root);
	assert_string_equal(root, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_good),    cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_own_maps),      cmocka_unit_test(test_gone),
		cmocka_unit_test(test_stat_and_comm), cmocka_unit_test(test_tgid),
		cmocka_unit_test(test_identity),      cmocka_unit_test(test_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
