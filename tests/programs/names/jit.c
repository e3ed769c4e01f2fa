/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jit map|FOLDER [--wait]: a compiler in small. Copies a function to anonymous memory,
 * writes its name down in /tmp/perf-PID.map, or in FOLDER/jit-PID.dump, and lets it lose
 * 1005 bytes. With --wait it says "ready" and waits before, "done" and waits after that.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef void function(void *(*allocate)(size_t), size_t size);

/* Reaches nothing but by its arguments, so that it runs anywhere. */
__attribute__((section("template"), noinline, used)) static void
template_function(void *(*allocate)(size_t), size_t size)
{
	void *volatile kept = allocate(size);

	(void)kept;
}

extern const char __start_template[], __stop_template[];

/* Of linux, tools/perf/Documentation/jitdump-specification.txt. */
struct dump {
	uint32_t magic, version, header_size, machine, padding, header_pid;
	uint64_t header_time, flags;
	uint32_t type, size;
	uint64_t time;
	uint32_t pid, tid;
	uint64_t virtual_address, address, code_size, index;
	char name[16];
};

static void write_map(const void *code, size_t size)
{
	char path[64];
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	map = fopen(path, "w");
	if (!map)
		exit(2);
	fprintf(map, "%lx %zx LazyCompile:~sell shop.js:3\n", (unsigned long)(uintptr_t)code, size);
	fclose(map);
}

static void write_dump(const char *folder, const void *code, size_t size)
{
	struct dump dump = {
		.magic = 0x4a695444,
		.version = 1,
		.header_size = offsetof(struct dump, type),
		.machine = EM_X86_64,
		.header_pid = getpid(),
		.size = sizeof(dump) - offsetof(struct dump, type) + size,
		.pid = getpid(),
		.tid = getpid(),
		.virtual_address = (uintptr_t)code,
		.address = (uintptr_t)code,
		.code_size = size,
		.name = "dumped_function",
	};
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/jit-%d.dump", folder, getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, &dump, sizeof(dump)) != sizeof(dump) ||
	    write(fd, code, size) != (ssize_t)size)
		exit(2);
	/* How perf, and others, find it. */
	if (mmap(NULL, sizeof(dump), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		exit(2);
	close(fd);
}

static void pause_for(const char *word)
{
	puts(word);
	fflush(stdout);
	getchar();
}

int main(int argc, char **argv)
{
	size_t size = __stop_template - __start_template;
	char *code = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (argc < 2 || code == MAP_FAILED)
		return 2;
	memcpy(code, __start_template, size);
	if (mprotect(code, size, PROT_READ | PROT_EXEC))
		return 2;
	if (strcmp(argv[1], "map"))
		write_dump(argv[1], code, size);
	else
		write_map(code, size);
	if (argc > 2)
		pause_for("ready");
	(*(function **)&code)(malloc, 1005);
	if (argc > 2)
		pause_for("done");
	return 0;
}
