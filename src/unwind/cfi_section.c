/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds call frame information in a file: by section, and where section headers
 * were removed, as the runtime does, by the program header of .eh_frame_hdr.
 * Knows nothing of what is in it.
 */
#include "unwind/cfi.h"

#include <dwarf.h>
#include <gelf.h>
#include <string.h>

#include "elf/elf_file.h"

/* Layout of .eh_frame_hdr: Linux Standard Base, Core, "The .eh_frame_hdr section". */
#define HDR_VERSION 1

static Elf_Scn *section_by_name(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header) || header->sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return section;
	}
	return NULL;
}

static bool find_section(Elf *elf, const char *name, struct cfi_section *result)
{
	GElf_Shdr header;
	Elf_Scn *section = section_by_name(elf, name, &header);
	Elf_Data *data;

	if (!section)
		return false;
	if ((header.sh_flags & SHF_COMPRESSED) && elf_compress(section, 0, 0) < 0)
		return false;
	data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf || !data->d_size)
		return false;
	*result = (struct cfi_section){
		.bytes = data->d_buf,
		.size = data->d_size,
		.address = header.sh_addr,
	};
	return true;
}

static bool segment_by_type(Elf *elf, uint32_t type, GElf_Phdr *header)
{
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (gelf_getphdr(elf, i, header) && header->p_type == type)
			return true;
	}
	return false;
}

/* What .eh_frame_hdr points to. Returns false when it points nowhere in the file. */
static bool find_by_segment(struct elf_file *file, struct cfi_section *result)
{
	struct cfi_section hdr;
	struct cursor cursor;
	uint64_t address, offset;
	GElf_Phdr header;
	const char *image;
	uint8_t encoding;
	size_t size;

	image = elf_rawfile(elf_file_elf(file), &size);
	if (!image || !segment_by_type(elf_file_elf(file), PT_GNU_EH_FRAME, &header) ||
	    header.p_offset >= size || header.p_filesz > size - header.p_offset)
		return false;
	hdr = (struct cfi_section){
		.bytes = (const uint8_t *)image + header.p_offset,
		.size = header.p_filesz,
		.address = header.p_vaddr,
	};
	cursor = (struct cursor){ .at = hdr.bytes, .end = hdr.bytes + hdr.size };
	if (cursor_unsigned(&cursor, 1) != HDR_VERSION)
		return false;
	encoding = cursor_unsigned(&cursor, 1);
	cursor_take(&cursor, 2); /* encodings of the search table, that we do not use */
	if (!cfi_address_read(&hdr, encoding, &cursor, &address))
		return false;
	offset = elf_file_offset_of(file, address);
	if (offset >= size)
		return false;
	*result = (struct cfi_section){
		.bytes = (const uint8_t *)image + offset,
		.size = size - offset,
		.address = address,
		.terminated = true,
	};
	return true;
}

bool cfi_section_eh_frame(struct elf_file *file, struct cfi_section *section)
{
	if (!find_section(elf_file_elf(file), ".eh_frame", section) &&
	    !find_by_segment(file, section))
		return false;
	section->eh = true;
	return true;
}

bool cfi_section_debug_frame(struct elf_file *file, struct cfi_section *section)
{
	return find_section(elf_file_elf(file), ".debug_frame", section);
}
