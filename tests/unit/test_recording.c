/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings: what is written is what is read, and no file, however damaged,
 * does more than fail to load.
 */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "model/record_io.h"
#include "model/recording.h"
#include "same.h"

#define CONTENT_MAX (1 << 20)

static char folder[] = "/tmp/leaktrace-test-XXXXXX";
static char path[sizeof(folder) + 16];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/recording", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* Every field of every part, the extremes of their values included. */
static struct snapshot *rich(void)
{
	struct snapshot *snapshot = fixture_many();
	struct process *process = &snapshot->processes[2];
	struct mapping *mapping = process_add_mapping(process);
	const uint64_t ips[] = { UINT64_MAX, 0, 1ULL << 63 };
	struct site *site;

	*mapping = (struct mapping){
		.start = 0x400000,
		.end = 0x401000,
		.file_offset = 0x1000,
		.device = 8 << 20 | 1,
		.inode = 77,
	};
	mapping->path = strings_intern(snapshot->strings, "/usr/bin/demo");
	mapping->open_path = strings_intern(snapshot->strings, "/proc/self/root/usr/bin/demo");
	mapping->build_id = strings_intern(snapshot->strings, "abcdef");
	*process_add_mapping(process) =
		(struct mapping){ .start = 0x100, .end = UINT64_MAX, .path = "[vdso]" };
	assert_non_null(process_add_stack(process, ips, 3));
	assert_non_null(process_add_stack(process, NULL, 0));
	site = fixture_site(process, (uint32_t)process->stack_count - 1, 2, UINT64_MAX, 0);
	site->leak_class = CLASS_DEFINITE;
	site->live[0].id = UINT64_MAX;
	site->live[1].id = 0;
	site->lost_count = UINT64_MAX;
	process->start_ns = 3;
	process->end_value = -1;
	snapshot->processes[3].end_value = INT32_MIN;
	snapshot->processes[4].pid = UINT32_MAX;
	snapshot->started_unix_ns = INT64_MIN;
	return snapshot;
}

static void check_round_trip(struct snapshot *snapshot)
{
	struct snapshot *read = NULL;

	assert_int_equal(recording_write(snapshot, path), 0);
	assert_int_equal(recording_read(path, &read), 0);
	same_snapshot(snapshot, read);
	snapshot_free(read);
	snapshot_free(snapshot);
}

static void test_round_trip(void **state)
{
	(void)state;
	check_round_trip(fixture_snapshot());
	check_round_trip(rich());
}

/* Words of kinds are shown as they stand: none may drive a terminal. */
static void test_words_that_drive_a_terminal(void **state)
{
	static const char *const texts[] = { "\x1b[2J", "a\nb", "\x7f", "\xc2\x9b" };
	const struct kind_info good = { "stream",   "open stream", "open streams", true,
					"acquired", "released",	   "handle",	   true };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		for (int word = 0; word < 6; word++) {
			struct snapshot *snapshot = fixture_snapshot(), *read = NULL;
			struct kind_info *kind = &snapshot->kinds[KIND_CUSTOM];
			const char **words[] = { &kind->name,	  &kind->noun,
						 &kind->nouns,	  &kind->acquisitions,
						 &kind->releases, &kind->id_name };

			*kind = good;
			*words[word] = texts[i];
			snapshot->traced[snapshot->kind_count++] = true;
			assert_int_equal(recording_write(snapshot, path), 0);
			assert_int_equal(recording_read(path, &read), -EBADMSG);
			snapshot_free(snapshot);
		}
	}
}

/* A user's kinds go with a recording, whole. */
static void test_kinds(void **state)
{
	struct snapshot *snapshot = fixture_snapshot(), *read = NULL;
	struct process *process = fixture_process(snapshot, 1, "demo");
	struct site *site = process_add_site(process);

	(void)state;
	snapshot->traced[KIND_HEAP] = false;
	snapshot->traced[KIND_FD] = true;
	snapshot->kinds[KIND_CUSTOM] = (struct kind_info){
		"stream",   "open stream", "open streams", true,
		"acquired", "released",	   "handle",	   true,
	};
	snapshot->traced[snapshot->kind_count++] = true;
	site->kind = KIND_CUSTOM;
	site->role = ROLE_UNSEEN;
	*site_add_resource(site) = (struct resource){ 7, 8, 9, "/etc/passwd" };
	process->brk_bytes = -4096;
	process->totals[KIND_CUSTOM].acquired_count = 3;
	assert_int_equal(recording_write(snapshot, path), 0);
	assert_int_equal(recording_read(path, &read), 0);
	assert_int_equal(read->kind_count, KIND_CUSTOM + 1);
	assert_false(read->traced[KIND_HEAP]);
	assert_true(read->traced[KIND_FD] && read->traced[KIND_CUSTOM]);
	assert_string_equal(read->kinds[KIND_FD].name, "fd");
	assert_string_equal(read->kinds[KIND_CUSTOM].name, "stream");
	assert_string_equal(read->kinds[KIND_CUSTOM].nouns, "open streams");
	assert_string_equal(read->kinds[KIND_CUSTOM].id_name, "handle");
	assert_true(read->kinds[KIND_CUSTOM].has_bytes && read->kinds[KIND_CUSTOM].id_is_address);
	process = &read->processes[0];
	assert_int_equal(process->brk_bytes, -4096);
	assert_int_equal(process->totals[KIND_CUSTOM].acquired_count, 3);
	assert_int_equal(process->sites[0].kind, KIND_CUSTOM);
	assert_int_equal(process->sites[0].role, ROLE_UNSEEN);
	assert_string_equal(process->sites[0].live[0].name, "/etc/passwd");
	snapshot_free(read);
	/* One more than there is room for, one fewer than are built in. */
	snapshot->kind_count = KIND_MAX + 1;
	assert_int_not_equal(recording_write(snapshot, path), 0);
	snapshot->kind_count = KIND_CUSTOM - 1;
	assert_int_not_equal(recording_write(snapshot, path), 0);
	snapshot_free(snapshot);
}

static void test_a_million_blocks_are_small(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct site *site = process_add_site(fixture_process(snapshot, 1, "demo"));
	struct stat status;

	(void)state;
	for (uint64_t i = 0; i < 1000000; i++)
		*site_add_resource(site) =
			(struct resource){ 0x555500000000 + 48 * i, 32 + i % 7, i * 1000, NULL };
	check_round_trip(snapshot);
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size < 1000000);
}

static void test_read_strings_are_interned(void **state)
{
	struct snapshot *snapshot = rich(), *read = NULL;

	(void)state;
	assert_int_equal(recording_write(snapshot, path), 0);
	assert_int_equal(recording_read(path, &read), 0);
	assert_ptr_equal(read->processes[2].exe, strings_intern(read->strings, "/usr/bin/demo"));
	assert_ptr_equal(read->processes[2].mappings[0].path, read->processes[2].exe);
	snapshot_free(read);
	snapshot_free(snapshot);
}

static void test_writing_leaves_nothing_beside(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	DIR *directory;
	struct stat status;
	int entries = 0;

	(void)state;
	assert_int_equal(recording_write(snapshot, path), 0);
	assert_int_equal(recording_write(snapshot, path), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	directory = opendir(folder);
	assert_non_null(directory);
	while (readdir(directory))
		entries++;
	closedir(directory);
	/* ".", ".." and the recording. */
	assert_int_equal(entries, 3);
	assert_int_equal(recording_write(snapshot, "/nonexistent/recording"), -ENOENT);
	assert_int_equal(recording_write(snapshot, folder), -EISDIR);
	assert_int_equal(recording_write(snapshot, "/dev/full"), -ENOSPC);
	snapshot_free(snapshot);
}

static void test_a_pipe_is_written_to(void **state)
{
	struct snapshot *snapshot = fixture_snapshot(), *read_back = NULL;
	char through[64], bytes[4096];
	int ends[2];
	ssize_t size;
	FILE *copy;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(through, sizeof(through), "/proc/self/fd/%d", ends[1]);
	assert_int_equal(recording_write(snapshot, through), 0);
	close(ends[1]);
	size = read(ends[0], bytes, sizeof(bytes));
	close(ends[0]);
	assert_true(size > 0);
	copy = fopen(path, "w");
	assert_int_equal(fwrite(bytes, 1, (size_t)size, copy), size);
	fclose(copy);
	assert_int_equal(recording_read(path, &read_back), 0);
	same_snapshot(snapshot, read_back);
	snapshot_free(read_back);
	snapshot_free(snapshot);
}

static size_t load(const char *mode, uint8_t *content)
{
	gzFile file = gzopen(path, "rb");
	FILE *plain = fopen(path, "rb");
	size_t size;

	assert_non_null(file);
	assert_non_null(plain);
	size = *mode == 'z' ? (size_t)gzread(file, content, CONTENT_MAX)
			    : fread(content, 1, CONTENT_MAX, plain);
	gzclose(file);
	fclose(plain);
	assert_true(size > 0 && size < CONTENT_MAX);
	return size;
}

static void store(const char *mode, const uint8_t *content, size_t size)
{
	gzFile file;

	/* Some file systems flush a file that is truncated: a new one is faster. */
	unlink(path);
	/* "T": as it is, without compression. */
	file = gzopen(path, *mode == 'z' ? "wb1" : "wbT");
	assert_non_null(file);
	if (size)
		assert_int_equal(gzwrite(file, content, (unsigned int)size), size);
	assert_int_equal(gzclose(file), Z_OK);
}

static int try_read(void)
{
	struct snapshot *snapshot = NULL;
	int err = recording_read(path, &snapshot);

	assert_int_equal(!err, snapshot != NULL);
	snapshot_free(snapshot);
	return err;
}

/* Few bytes may stand for much memory: there is an end to what elements take. */
static void test_memory_is_bounded(void **state)
{
	uint64_t *array = NULL;
	struct record_io io;
	size_t count = 0;

	(void)state;
	record_io_read(&io, calloc(1, 1), 1);
	assert_true(io.room >= 1ULL << 32);
	io.room = 3 * sizeof(*array);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(record_element(&io, &array, &count, i, sizeof(*array)));
	assert_int_equal(io.error, 0);
	assert_null(record_element(&io, &array, &count, 3, sizeof(*array)));
	assert_int_equal(io.error, -EBADMSG);
	assert_int_equal(count, 3);
	free(array);
	record_io_clear(&io);
}

/* Cut off at every length, the compressed file ("T") and its content ("z"). */
static void test_truncation(void **state)
{
	static const char *const modes[] = { "T", "z" };
	static uint8_t content[CONTENT_MAX];
	struct snapshot *snapshot = rich();
	size_t size;

	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		assert_int_equal(recording_write(snapshot, path), 0);
		size = load(modes[mode], content);
		for (size_t length = 0; length < size; length++) {
			store(modes[mode], content, length);
			if (try_read() != -EBADMSG)
				fail_msg("%zu of %zu bytes (%s) can be read", length, size,
					 modes[mode]);
		}
		store(modes[mode], content, size);
		assert_int_equal(try_read(), 0);
	}
	snapshot_free(snapshot);
}

static void test_trailing_bytes(void **state)
{
	static uint8_t content[CONTENT_MAX];
	struct snapshot *snapshot = rich();
	size_t size;

	(void)state;
	assert_int_equal(recording_write(snapshot, path), 0);
	size = load("z", content);
	content[size] = 0;
	store("z", content, size + 1);
	assert_int_equal(try_read(), -EBADMSG);
	snapshot_free(snapshot);
}

/* Most changed bytes give another snapshot or an error; none may do harm. */
static void test_flipped_bytes(void **state)
{
	static uint8_t content[CONTENT_MAX];
	struct snapshot *snapshot = rich();
	size_t size, refused = 0;
	uint32_t random = 12345;

	(void)state;
	assert_int_equal(recording_write(snapshot, path), 0);
	size = load("z", content);
	for (int i = 0; i < 10000; i++) {
		uint8_t *byte, kept;
		int err;

		random = random * 1664525 + 1013904223;
		byte = &content[(random >> 8) % size];
		kept = *byte;
		*byte ^= (uint8_t)((random >> 3) % 255 + 1);
		store("z", content, size);
		err = try_read();
		if (err && err != -EBADMSG && err != -EPROTONOSUPPORT)
			fail_msg("unexpected error %d", err);
		refused += err != 0;
		*byte = kept;
	}
	assert_true(refused > 1000);
	snapshot_free(snapshot);
}

/* A flip in the compressed file is found by the CRC at the latest. */
static void test_checksum(void **state)
{
	static uint8_t content[CONTENT_MAX];
	struct snapshot *snapshot = rich();
	size_t size;

	(void)state;
	assert_int_equal(recording_write(snapshot, path), 0);
	size = load("T", content);
	/* Behind gzip's header, part of which means nothing. */
	for (size_t i = 10; i < size; i++) {
		content[i] ^= 0xff;
		store("T", content, size);
		assert_int_equal(try_read(), -EBADMSG);
		content[i] ^= 0xff;
	}
	snapshot_free(snapshot);
}

static void test_versions(void **state)
{
	static uint8_t content[CONTENT_MAX];
	struct snapshot *snapshot = fixture_snapshot();
	size_t size;

	(void)state;
	assert_int_equal(recording_write(snapshot, path), 0);
	size = load("z", content);
	assert_int_equal(content[8], 6);
	content[8] = 7;
	store("z", content, size);
	assert_int_equal(try_read(), -EPROTONOSUPPORT);
	content[8] = 5;
	store("z", content, size);
	assert_int_equal(try_read(), -EPROTONOSUPPORT);
	/* Whatever a newer one goes on with. */
	content[8] = 7;
	store("z", content, 9);
	assert_int_equal(try_read(), -EPROTONOSUPPORT);
	content[8] = 0;
	store("z", content, size);
	assert_int_equal(try_read(), -EBADMSG);
	snapshot_free(snapshot);
}

static void test_what_is_no_recording(void **state)
{
	static const uint8_t text[] = "#!/bin/sh\necho hello\n";
	static uint8_t content[CONTENT_MAX];
	struct snapshot *snapshot = fixture_snapshot(), *read = NULL;
	size_t size;

	(void)state;
	assert_int_equal(recording_read("/nonexistent/recording", &read), -ENOENT);
	assert_int_equal(recording_read(folder, &read), -EISDIR);
	store("T", text, sizeof(text));
	assert_int_equal(try_read(), -EBADMSG);
	store("z", text, sizeof(text));
	assert_int_equal(try_read(), -EBADMSG);
	/* Right, but not compressed: nothing guards it. */
	assert_int_equal(recording_write(snapshot, path), 0);
	size = load("z", content);
	store("T", content, size);
	assert_int_equal(try_read(), -EBADMSG);
	snapshot_free(snapshot);
}

static void test_a_site_of_no_stack_is_not_written(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();

	(void)state;
	fixture_site(fixture_process(snapshot, 1, "demo"), 5, 1, 1, 0);
	assert_int_equal(recording_write(snapshot, path), -EINVAL);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_words_that_drive_a_terminal),
		cmocka_unit_test(test_a_million_blocks_are_small),
		cmocka_unit_test(test_read_strings_are_interned),
		cmocka_unit_test(test_writing_leaves_nothing_beside),
		cmocka_unit_test(test_a_pipe_is_written_to),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_trailing_bytes),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_what_is_no_recording),
		cmocka_unit_test(test_a_site_of_no_stack_is_not_written),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
