/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ELF file asks of the program loader: interpreter, dynamic section.
 * Read by the program headers, as the loader does: there may be no section
 * headers. Knows the file only by its libelf handle. Formats: System V gABI.
 */
#include "elf/elf_file.h"

#include <gelf.h>
#include <string.h>

/* The bytes of the first program header of that type; NULL when not wholly in the file. */
static const uint8_t *header_bytes(Elf *elf, uint32_t type, size_t *size)
{
	size_t count = 0, file_size = 0;
	const uint8_t *image = (const uint8_t *)elf_rawfile(elf, &file_size);
	GElf_Phdr header;

	if (!image || elf_getphdrnum(elf, &count))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, i, &header) || header.p_type != type)
			continue;
		if (header.p_offset > file_size || header.p_filesz > file_size - header.p_offset)
			return NULL;
		*size = header.p_filesz;
		return image + header.p_offset;
	}
	return NULL;
}

const char *elf_file_interpreter(struct elf_file *file)
{
	size_t size = 0;
	const char *path = (const char *)header_bytes(elf_file_elf(file), PT_INTERP, &size);

	return path && memchr(path, '\0', size) ? path : NULL;
}

struct dynamic {
	const uint8_t *entries;
	size_t count;
	const char *strings;
	size_t strings_size;
};

static Elf64_Dyn dynamic_entry(const struct dynamic *dynamic, size_t index)
{
	Elf64_Dyn entry = { .d_tag = DT_NULL };

	if (index < dynamic->count)
		memcpy(&entry, dynamic->entries + index * sizeof(entry), sizeof(entry));
	return entry;
}

static bool dynamic_find(const struct dynamic *dynamic, int64_t tag, uint64_t *value)
{
	for (size_t i = 0; i < dynamic->count; i++) {
		Elf64_Dyn entry = dynamic_entry(dynamic, i);

		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == tag) {
			*value = entry.d_un.d_val;
			return true;
		}
	}
	return false;
}

static bool dynamic_load(struct elf_file *file, struct dynamic *dynamic)
{
	Elf *elf = elf_file_elf(file);
	uint64_t address, size, offset;
	size_t bytes = 0, file_size = 0;
	const char *image = elf_rawfile(elf, &file_size);

	memset(dynamic, 0, sizeof(*dynamic));
	dynamic->entries = header_bytes(elf, PT_DYNAMIC, &bytes);
	if (!dynamic->entries)
		return false;
	dynamic->count = bytes / sizeof(Elf64_Dyn);
	if (!dynamic_find(dynamic, DT_STRTAB, &address) || !dynamic_find(dynamic, DT_STRSZ, &size))
		return true;
	offset = elf_file_offset_of(file, address);
	if (offset == UINT64_MAX)
		return true;
	dynamic->strings = image + offset;
	dynamic->strings_size = size < file_size - offset ? size : file_size - offset;
	return true;
}

static const char *dynamic_string(const struct dynamic *dynamic, uint64_t index)
{
	if (index >= dynamic->strings_size ||
	    !memchr(dynamic->strings + index, '\0', dynamic->strings_size - index))
		return NULL;
	return dynamic->strings + index;
}

bool elf_file_is_dynamic(struct elf_file *file)
{
	struct dynamic dynamic;

	return dynamic_load(file, &dynamic);
}

int elf_file_each_needed(struct elf_file *file, int (*visit)(const char *soname, void *context),
			 void *context)
{
	struct dynamic dynamic;
	int result = 0;

	if (!dynamic_load(file, &dynamic))
		return 0;
	for (size_t i = 0; i < dynamic.count && !result; i++) {
		Elf64_Dyn entry = dynamic_entry(&dynamic, i);
		const char *name;

		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag != DT_NEEDED)
			continue;
		name = dynamic_string(&dynamic, entry.d_un.d_val);
		if (name)
			result = visit(name, context);
	}
	return result;
}

const char *elf_file_runpath(struct elf_file *file)
{
	struct dynamic dynamic;
	uint64_t index;

	if (!dynamic_load(file, &dynamic))
		return NULL;
	if (!dynamic_find(&dynamic, DT_RUNPATH, &index) &&
	    !dynamic_find(&dynamic, DT_RPATH, &index))
		return NULL;
	return dynamic_string(&dynamic, index);
}
