/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the milliseconds until addresses of a file have names, by leaktrace's own symbolizer,
 * which has not seen the file before; and how many got one: names FILE COUNT.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "model/snapshot.h"
#include "symbols/symbols.h"
#include "util/strings.h"

#define BASE 0x7f0000000000
#define DEPTH 10

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* The code of a 64-bit file: its executable segment. */
static int find_code(const char *path, Elf64_Phdr *code)
{
	FILE *file = fopen(path, "re");
	Elf64_Ehdr head;
	int found = 0;

	if (!file)
		return 0;
	if (fread(&head, sizeof(head), 1, file) == 1 && !fseek(file, (long)head.e_phoff, SEEK_SET))
		for (int i = 0; !found && i < head.e_phnum; i++)
			found = fread(code, sizeof(*code), 1, file) == 1 &&
				code->p_type == PT_LOAD && code->p_flags & PF_X;
	fclose(file);
	return found;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 0) : 10000, named = 0;
	struct symbols_options options = { .demangle = true };
	struct snapshot *snapshot = snapshot_new();
	struct process *process = snapshot_add_process(snapshot);
	struct mapping *mapping = process_add_mapping(process);
	struct stat status;
	Elf64_Phdr code;
	double start;

	if (argc < 2 || stat(argv[1], &status) || !find_code(argv[1], &code))
		return 2;
	process->end = PROCESS_EXITED;
	mapping->start = BASE;
	mapping->end = BASE + code.p_filesz;
	mapping->file_offset = code.p_offset;
	mapping->device = (uint64_t)major(status.st_dev) << 20 | minor(status.st_dev);
	mapping->inode = status.st_ino;
	mapping->path = strings_intern(snapshot->strings, argv[1]);
	for (unsigned long i = 0; i < count / DEPTH; i++) {
		uint64_t ips[DEPTH];

		for (int j = 0; j < DEPTH; j++)
			ips[j] = BASE + (uint64_t)(drand48() * (double)code.p_filesz);
		process_add_stack(process, ips, DEPTH);
	}
	start = now_ms();
	if (symbols_resolve(symbols_new(&options), snapshot))
		return 1;
	start = now_ms() - start;
	for (size_t i = 0; i < process->stack_count; i++)
		for (uint32_t j = 0; j < process->stacks[i].frame_count; j++)
			named += process->stacks[i].frames[j].function &&
				 !process->stacks[i].frames[j].inlined;
	printf("%.1f %lu\n", start, named);
	return 0;
}
