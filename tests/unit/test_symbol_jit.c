/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbols/: names that just-in-time compilers left, and which files are believed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "symbols_fixture.h"

#include "symbols/jit_table.h"

#define NOBODY 65534

/* ---- formats --------------------------------------------------------------------------------- */

static struct jit_table *table_of(int (*add)(struct jit_table *, char *, size_t), const void *bytes,
				  size_t size)
{
	struct jit_table *table = jit_table_new();
	char *copy = malloc(size + 1);

	assert_non_null(table);
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	copy[size] = '\0';
	assert_int_equal(add(table, copy, size), 0);
	jit_table_sort(table);
	return table;
}

static void assert_at(const struct jit_table *table, uint64_t address, const char *name,
		      uint64_t start)
{
	struct jit_function function = { .name = NULL };
	int err = jit_table_find(table, address, &function);

	if (!name) {
		assert_int_equal(err, -ENOENT);
		return;
	}
	assert_int_equal(err, 0);
	assert_string_equal(function.name, name);
	assert_int_equal(function.start, start);
}

static void test_map(void **state)
{
	static const char text[] = "1000 100 first\n"
				   "0x3000 0X10 with prefix and blanks\r\n"
				   "2000 40 second\n"
				   "1080 10 inside\n"
				   "2000 20 over its begin\n"
				   "2030 20 over its end\n"
				   "FFFFFFFFFFFFFF00 ff top\n"
				   "5000 10 no newline";
	struct jit_table *table = table_of(jit_table_add_map, text, strlen(text));

	(void)state;
	assert_at(table, 0xfff, NULL, 0);
	assert_at(table, 0x1000, "first", 0x1000);
	assert_at(table, 0x107f, "first", 0x1000);
	assert_at(table, 0x1080, "inside", 0x1080);
	assert_at(table, 0x108f, "inside", 0x1080);
	assert_at(table, 0x1090, "first", 0x1000);
	assert_at(table, 0x1100, NULL, 0);
	assert_at(table, 0x2000, "over its begin", 0x2000);
	assert_at(table, 0x2020, "second", 0x2000);
	assert_at(table, 0x2035, "over its end", 0x2030);
	assert_at(table, 0x204f, "over its end", 0x2030);
	assert_at(table, 0x300f, "with prefix and blanks", 0x3000);
	assert_at(table, 0x3010, NULL, 0);
	assert_at(table, 0xffffffffffffff80, "top", 0xffffffffffffff00);
	assert_at(table, 0x500f, "no newline", 0x5000);
	jit_table_free(table);
}

/* The larger one comes later, and hides what is below it. */
static void test_map_reused(void **state)
{
	static const char text[] = "1000 10 old\n1010 10 old too\n1000 100 new\n1010 8 newest\n";
	struct jit_table *table = table_of(jit_table_add_map, text, strlen(text));

	(void)state;
	assert_at(table, 0x1000, "new", 0x1000);
	assert_at(table, 0x1010, "newest", 0x1010);
	assert_at(table, 0x1018, "new", 0x1000);
	assert_at(table, 0x1020, "new", 0x1000);
	jit_table_free(table);
}

static void test_map_damaged(void **state)
{
	static const char text[] = "\n"
				   "1000\n"
				   "1000 10\n"
				   "1000 10 \n"
				   "1000 0 empty\n"
				   "-1000 10 sign\n"
				   "1000 -1 sign\n"
				   " 1000 10 begins with a blank\n"
				   "1000 zz no number\n"
				   "11112222333344445 10 too large\n"
				   "fffffffffffffff0 11 wraps\n"
				   "1000\t10\ttabs\n"
				   "1000 10 \0hidden\n"
				   "2000 10 good\n";
	struct jit_table *table = table_of(jit_table_add_map, text, sizeof(text) - 1);

	(void)state;
	assert_at(table, 0x1000, NULL, 0);
	assert_at(table, UINT64_MAX - 1, NULL, 0);
	assert_at(table, 0x2000, "good", 0x2000);
	jit_table_free(table);
	table = table_of(jit_table_add_map, "", 0);
	assert_at(table, 0, NULL, 0);
	jit_table_free(table);
}

/* A dump as its specification lays it out. */
struct dump {
	uint8_t bytes[1024];
	size_t size;
};

static void dump_put(struct dump *dump, const void *bytes, size_t size)
{
	assert_true(dump->size + size <= sizeof(dump->bytes));
	memcpy(dump->bytes + dump->size, bytes, size);
	dump->size += size;
}

static void dump_number(struct dump *dump, uint64_t number, size_t size)
{
	dump_put(dump, &number, size);
}

static struct dump dump_begin(uint32_t header_size)
{
	struct dump dump = { .size = 0 };

	dump_number(&dump, 0x4a695444, 4);
	dump_number(&dump, 1, 4);
	dump_number(&dump, header_size, 4);
	dump_number(&dump, 62, 4);
	dump_number(&dump, 0, 4);
	dump_number(&dump, 4711, 4);
	dump_number(&dump, 1000, 8);
	dump_number(&dump, 0, 8);
	for (size_t i = dump.size; i < header_size; i++)
		dump_number(&dump, 0xff, 1);
	return dump;
}

static void dump_record(struct dump *dump, uint32_t type, uint32_t size)
{
	dump_number(dump, type, 4);
	dump_number(dump, 16 + size, 4);
	dump_number(dump, 2000, 8);
}

static void dump_load(struct dump *dump, uint64_t address, const char *name)
{
	static const uint8_t code[16] = { 0xc3 };

	dump_record(dump, 0, 40 + strlen(name) + 1 + sizeof(code));
	dump_number(dump, 4711, 4);
	dump_number(dump, 4712, 4);
	dump_number(dump, address, 8);
	dump_number(dump, address, 8);
	dump_number(dump, sizeof(code), 8);
	dump_number(dump, 1, 8);
	dump_put(dump, name, strlen(name) + 1);
	dump_put(dump, code, sizeof(code));
}

static struct dump dump_of_three(uint32_t header_size)
{
	struct dump dump = dump_begin(header_size);

	dump_load(&dump, 0x1000, "one");
	dump_record(&dump, 2, 8); /* debug information: passed over */
	dump_number(&dump, 0, 8);
	dump_load(&dump, 0x2000, "two");
	dump_load(&dump, 0x1008, "three");
	return dump;
}

static void test_dump(void **state)
{
	(void)state;
	for (uint32_t header_size = 40; header_size <= 48; header_size += 8) {
		struct dump dump = dump_of_three(header_size);
		struct jit_table *table = table_of(jit_table_add_dump, dump.bytes, dump.size);

		assert_at(table, 0x1000, "one", 0x1000);
		assert_at(table, 0x100f, "three", 0x1008);
		assert_at(table, 0x1017, "three", 0x1008);
		assert_at(table, 0x200f, "two", 0x2000);
		assert_at(table, 0x2010, NULL, 0);
		jit_table_free(table);
	}
}

/* Cut anywhere, what was whole counts; with bytes changed, it must return. */
static void test_dump_damaged(void **state)
{
	const struct dump dump = dump_of_three(40);
	unsigned int seed = 11;

	(void)state;
	for (size_t size = 0; size < dump.size; size++) {
		struct jit_table *table = table_of(jit_table_add_dump, dump.bytes, size);

		assert_at(table, 0x1000, size >= 40 + 16 + 40 + 4 + 16 ? "one" : NULL, 0x1000);
		assert_at(table, 0x1010, NULL, 0);
		jit_table_free(table);
	}
	for (int round = 0; round < 2000; round++) {
		struct dump copy = dump;
		struct jit_function function;
		struct jit_table *table;

		for (int i = 0; i < 3; i++)
			copy.bytes[rand_r(&seed) % copy.size] = rand_r(&seed);
		table = table_of(jit_table_add_dump, copy.bytes, copy.size);
		if (!jit_table_find(table, 0x2000, &function))
			assert_true(strlen(function.name) < sizeof(copy.bytes));
		jit_table_free(table);
	}
}

/* ---- files ------------------------------------------------------------------------------------
 */

static struct snapshot *snapshot_of_jit(pid_t pid, uint64_t ip)
{
	struct snapshot *snapshot = snapshot_new();
	struct process *process = snapshot ? snapshot_add_process(snapshot) : NULL;

	assert_non_null(process);
	process->pid = pid;
	assert_non_null(process_add_stack(process, &ip, 1));
	return snapshot;
}

static const struct frame *resolve(const struct fixture *fixture, struct snapshot *snapshot)
{
	struct symbols *symbols = new_symbols(fixture, true);

	assert_int_equal(symbols_resolve(symbols, snapshot), 0);
	symbols_free(symbols);
	return frames_of(snapshot, 1);
}

/* The return address 0x1001 of that process is named so; NULL: not at all. */
static void assert_jit_ended(const struct fixture *fixture, pid_t pid, enum process_end end,
			     const char *name)
{
	struct snapshot *snapshot = snapshot_of_jit(pid, 0x1001);
	const struct frame *frame;

	snapshot->processes[0].end = end;
	frame = resolve(fixture, snapshot);
	assert_int_equal(frame->ip, 0x1001);
	if (name) {
		assert_frame(frame, name, NULL, 0, false);
		assert_string_equal(frame->module, "[jit]");
		assert_int_equal(frame->offset, 1);
	} else {
		assert_null(frame->function);
		assert_null(frame->module);
	}
	snapshot_free(snapshot);
}

static void assert_jit(const struct fixture *fixture, pid_t pid, const char *name)
{
	assert_jit_ended(fixture, pid, PROCESS_RUNNING, name);
}

static const char *map_path(pid_t pid)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)pid);
	return path;
}

static void write_map(pid_t pid, const char *text)
{
	FILE *stream;

	unlink(map_path(pid));
	stream = fopen(map_path(pid), "w");
	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static int jit_teardown(void **state)
{
	unlink(map_path(getpid()));
	return fixture_teardown(state);
}

static void test_living_process(void **state)
{
	const struct fixture *fixture = *state;

	assert_jit(fixture, getpid(), NULL);
	write_map(getpid(), "1000 10 LazyCompile:~main /srv/app.js:1:1\n");
	assert_jit(fixture, getpid(), "LazyCompile:~main /srv/app.js:1:1");
	write_map(getpid(), "1000 10 _ZN4shop4sellEv\n");
	assert_jit(fixture, getpid(), "shop::sell()");
	/* At the return address, but not at the call. */
	write_map(getpid(), "1001 10 main\n");
	assert_jit(fixture, getpid(), NULL);
	/* What the next program of the same process wrote is not about this one. */
	write_map(getpid(), "1000 10 main\n");
	assert_jit_ended(fixture, getpid(), PROCESS_EXECED, NULL);
}

static void test_ended_process(void **state)
{
	const struct fixture *fixture = *state;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	write_map(pid, "1000 10 main\n");
	/* Not yet waited for: it is still there, its root is not. */
	assert_int_equal(waitid(P_PID, pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_jit(fixture, pid, "main");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_jit(fixture, pid, "main");
	assert_jit_ended(fixture, pid, PROCESS_EXITED, "main");
	assert_int_equal(unlink(map_path(pid)), 0);
	assert_jit_ended(fixture, pid, PROCESS_EXITED, NULL);
}

static void test_unbelieved_files(void **state)
{
	const struct fixture *fixture = *state;
	const char *target = fixture_path(fixture, "target");

	fixture_text(fixture, "target", "1000 10 main\n");
	assert_int_equal(symlink(target, map_path(getpid())), 0);
	assert_jit(fixture, getpid(), NULL);
	unlink(map_path(getpid()));
	assert_int_equal(mkfifo(map_path(getpid()), 0600), 0);
	assert_jit(fixture, getpid(), NULL);
	unlink(map_path(getpid()));
	assert_int_equal(mkdir(map_path(getpid()), 0700), 0);
	assert_jit(fixture, getpid(), NULL);
	rmdir(map_path(getpid()));
	write_map(getpid(), "1000 10 main\n");
	assert_jit(fixture, getpid(), "main");
}

static void skip_unless_root(void)
{
	if (!geteuid())
		return;
	print_message("skipped: needs root\n");
	skip();
}

static void test_owner(void **state)
{
	const struct fixture *fixture = *state;
	int ready[2];
	pid_t pid;
	char byte;

	skip_unless_root();
	write_map(getpid(), "1000 10 main\n");
	assert_int_equal(chown(map_path(getpid()), NOBODY, NOBODY), 0);
	assert_jit(fixture, getpid(), NULL);

	/* Another user's process: that user's file and root's count, others do not. */
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (!setresuid(NOBODY, NOBODY, NOBODY) && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	write_map(pid, "1000 10 main\n");
	assert_jit(fixture, pid, "main");
	assert_int_equal(chown(map_path(pid), NOBODY, NOBODY), 0);
	assert_jit(fixture, pid, "main");
	assert_int_equal(chown(map_path(pid), NOBODY - 1, NOBODY), 0);
	assert_jit(fixture, pid, NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(map_path(pid));
	close(ready[0]);
	close(ready[1]);
}

/* In a container of sorts: pid 1, with a /tmp that is a link to its own files. */
static void be_contained(const char *folder, int ready)
{
	char path[PATH_MAX];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/work/perf-1.map", folder);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || chdir(folder) ||
	    mkdir("work", 0700))
		_exit(1);
	stream = fopen(path, "w");
	if (!stream || fputs("1000 10 contained\n", stream) < 0 || fclose(stream) ||
	    symlink("/work", "tmp") || chroot(folder) || write(ready, "x", 1) != 1)
		_exit(1);
	pause();
	_exit(0);
}

static void test_container(void **state)
{
	const struct fixture *fixture = *state;
	int ready[2];
	pid_t pid;
	char byte;

	skip_unless_root();
	assert_int_equal(pipe(ready), 0);
	pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0 && errno == EPERM) {
		print_message("skipped: namespaces are not allowed here\n");
		skip();
	}
	assert_true(pid >= 0);
	if (!pid)
		be_contained(fixture->folder, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	/* By our name for it, in our /tmp, it is somebody else's. */
	write_map(pid, "1000 10 outside\n");
	assert_jit(fixture, pid, "contained");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_jit_ended(fixture, pid, PROCESS_SIGNALED, "outside");
	unlink(map_path(pid));
	close(ready[0]);
}

static struct mapping *add_mapping(struct snapshot *snapshot, const char *path)
{
	struct mapping *mapping = process_add_mapping(&snapshot->processes[0]);
	struct stat status;

	assert_non_null(mapping);
	assert_int_equal(stat(path, &status), 0);
	mapping->start = 0x700000;
	mapping->end = 0x701000;
	mapping->inode = status.st_ino;
	mapping->path = strings_intern(snapshot->strings, path);
	return mapping;
}

static void test_mapped_dump(void **state)
{
	static const struct {
		const char *file;
		const char *name;
	} rows[] = {
		{ "jit-4711.dump", "one" },
		{ "other-4711.dump", NULL },
	};
	const struct fixture *fixture = *state;
	struct dump dump = dump_of_three(40);
	struct snapshot *snapshot;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fixture_write(fixture, rows[i].file, dump.bytes, dump.size);
		snapshot = snapshot_of_jit(0, 0x1001);
		add_mapping(snapshot, fixture_path(fixture, rows[i].file));
		if (rows[i].name)
			assert_string_equal(resolve(fixture, snapshot)->function, rows[i].name);
		else
			assert_null(resolve(fixture, snapshot)->function);
		snapshot_free(snapshot);
	}
	/* Another file has taken its place. */
	snapshot = snapshot_of_jit(0, 0x1001);
	add_mapping(snapshot, fixture_path(fixture, rows[0].file))->inode++;
	assert_null(resolve(fixture, snapshot)->function);
	snapshot_free(snapshot);
}

/* Code in a mapped file that is no ELF file; and an ELF file's names go before. */
static void test_mapped_code(void **state)
{
	const struct fixture *fixture = *state;
	struct snapshot *snapshot;
	struct library library;
	char text[64];

	fixture_text(fixture, "memfd", "code");
	write_map(getpid(), "700100 10 compiled\n");
	snapshot = snapshot_of_jit(getpid(), 0x700101);
	add_mapping(snapshot, fixture_path(fixture, "memfd"));
	assert_frame(resolve(fixture, snapshot), "compiled", NULL, 0, false);
	assert_string_equal(frames_of(snapshot, 1)->module, "[jit]");
	snapshot_free(snapshot);

	snapshot = snapshot_of_jit(getpid(), 0x700201);
	add_mapping(snapshot, fixture_path(fixture, "memfd"));
	assert_null(resolve(fixture, snapshot)->function);
	assert_string_equal(frames_of(snapshot, 1)->module, fixture_path(fixture, "memfd"));
	assert_int_equal(frames_of(snapshot, 1)->offset, 0x201);
	snapshot_free(snapshot);

	fixture_text(fixture, "calls.c", calls_c);
	fixture_run(fixture, "gcc -O2 -fPIC -shared -o calls.so calls.c");
	library = library_call(fixture, "calls.so", "outer");
	snprintf(text, sizeof(text), "%lx 100 compiled\n", (unsigned long)library.ip - 0x10);
	write_map(getpid(), text);
	snapshot = snapshot_of(&library.map, &library.ip, 1);
	snapshot->processes[0].pid = getpid();
	assert_string_equal(resolve(fixture, snapshot)->function, "outer");
	snapshot_free(snapshot);
	library_close(&library);
}

/* Only the begin of a huge file is read. */
static void test_huge_map(void **state)
{
	const struct fixture *fixture = *state;
	FILE *stream;

	write_map(getpid(), "1000 10 main\n");
	stream = fopen(map_path(getpid()), "r+");
	assert_non_null(stream);
	assert_int_equal(fseeko(stream, (off_t)1 << 36, SEEK_SET), 0);
	assert_true(fputs("\n1000 10 too far\n", stream) >= 0);
	assert_int_equal(fclose(stream), 0);
	assert_jit(fixture, getpid(), "main");
}

#define CASE(name) cmocka_unit_test(name)
#define FILE_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, jit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_map),
		CASE(test_map_reused),
		CASE(test_map_damaged),
		CASE(test_dump),
		CASE(test_dump_damaged),
		FILE_CASE(test_living_process),
		FILE_CASE(test_ended_process),
		FILE_CASE(test_unbelieved_files),
		FILE_CASE(test_owner),
		FILE_CASE(test_container),
		FILE_CASE(test_mapped_dump),
		FILE_CASE(test_mapped_code),
		FILE_CASE(test_huge_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
