/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a file with an allocator, marks and suppressions: where probes go. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "elf/elf_file.h"
#include "trace/allocators.h"
#include "trace/embedded.h"
#include "trace/marks.h"
#include "trace/probe_plan.h"

static void choose(struct elf_file *file, size_t size)
{
	static const char *const prefixes[] = { "my_" };
	const struct allocator_options options = { .prefixes = prefixes, .prefix_count = 1 };
	struct probe_plan *plan = probe_plan_new();

	if (plan && !allocators_choose(file, &options, plan) && !marks_choose(file, plan) &&
	    !probe_plan_place(plan, file, false))
		for (size_t i = 0; i < plan->count; i++)
			if (plan->sites[i].file_offset >= size)
				abort();
	probe_plan_free(plan);
}

static void read_embedded(struct elf_file *file, const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (write(fd, bytes, size) == (ssize_t)size)
		free(embedded_suppressions(file, fd));
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct elf_file *file;
	uint64_t offset;

	if (elf_file_open_image(bytes, size, &file))
		return 0;
	choose(file, size);
	if (!symbol_plan_address(file, "_exit", &offset) && offset >= size)
		abort();
	read_embedded(file, bytes, size);
	elf_file_close(file);
	return 0;
}
