/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a file with debugging information: names and lines of all its code. */
#include "fuzz.h"

#include "elf/elf_file.h"
#include "symbols/debug_file.h"
#include "symbols/debug_info.h"

#define LOOK_UPS 64

static void look_up(struct debug_info *info, uint64_t address)
{
	struct calls calls;

	if (debug_info_find(info, address, &calls))
		return;
	for (size_t i = 0; i < calls.count; i++) {
		fuzz_read(calls.calls[i].function);
		fuzz_read(calls.calls[i].directory);
		fuzz_read(calls.calls[i].file);
	}
	calls_clear(&calls);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* Where nothing is: what the file names is looked for, and not found. */
	const struct debug_places places = {
		.root = "/nonexistent",
		.path = "/nonexistent/file",
		.process_root = "/nonexistent",
	};
	struct debug_info *info;
	struct elf_file *file;

	if (elf_file_open_image(bytes, size, &file))
		return 0;
	if (!debug_info_new(file, &places, &info)) {
		for (uint64_t i = 0; i < LOOK_UPS; i++)
			look_up(info, elf_file_address_of(file, i * size / LOOK_UPS));
		debug_info_free(info);
	}
	elf_file_close(file);
	return 0;
}
