/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of call frame information: common ones (CIE) and one for each function
 * (FDE). Reads headers only; the instructions are cfi_rows.c's. An entry with
 * anything it does not know is left out.
 */
#include "unwind/cfi.h"

#include <dwarf.h>
#include <string.h>

/* Real ones take some 40 bytes. Many entries may name one: its length bounds the work. */
#define CIE_MAX_BYTES 512

/* User space ends here, with 5-level page tables as well unless a program asks for more. */
#define ADDRESS_MAX (1ULL << 47)

#define LENGTH_64_BIT 0xffffffff
#define DEBUG_CIE_ID 0xffffffff

void cfi_reader_init(struct cfi_reader *reader, const struct cfi_section *section)
{
	memset(reader, 0, sizeof(*reader));
	reader->section = *section;
	for (size_t i = 0; i < CFI_CIES; i++)
		reader->cies[i].offset = SIZE_MAX;
}

/* ---- pointers ---------------------------------------------------------------- */

/* Reads by the low four bits of an encoding. Returns false for sizes that are not fixed. */
static bool number_read(uint8_t encoding, struct cursor *cursor, uint64_t *value)
{
	static const uint8_t sizes[8] = {
		[DW_EH_PE_absptr] = 8,
		[DW_EH_PE_udata2] = 2,
		[DW_EH_PE_udata4] = 4,
		[DW_EH_PE_udata8] = 8,
	};
	size_t size = sizes[encoding & 0x7];

	if (!size)
		return false;
	*value = encoding & DW_EH_PE_signed ? (uint64_t)cursor_signed(cursor, size)
					    : cursor_unsigned(cursor, size);
	return !cursor->bad;
}

bool cfi_address_read(const struct cfi_section *section, uint8_t encoding, struct cursor *cursor,
		      uint64_t *address)
{
	uint64_t place = section->address + (cursor->at - section->bytes);
	uint8_t relative = encoding & 0xf0;

	if ((relative && relative != DW_EH_PE_pcrel) || !number_read(encoding, cursor, address))
		return false;
	if (relative)
		*address += place;
	return true;
}

/* ---- entries ----------------------------------------------------------------- */

/* The bytes behind an entry's length. Returns false at the section's end. */
static bool entry_body(const struct cfi_section *section, size_t offset, struct cursor *body)
{
	struct cursor cursor = { .end = section->bytes + section->size };
	uint64_t length;

	if (offset >= section->size)
		return false;
	cursor.at = section->bytes + offset;
	length = cursor_unsigned(&cursor, 4);
	if (length == LENGTH_64_BIT)
		length = cursor_unsigned(&cursor, 8);
	*body = cursor_take(&cursor, length);
	return !cursor.bad;
}

bool cfi_entry_next(const struct cfi_section *section, size_t *offset)
{
	struct cursor body;

	if (!entry_body(section, *offset, &body) || (body.at == body.end && section->terminated))
		return false;
	*offset = body.end - section->bytes;
	return *offset < section->size;
}

/* Whether the entry has the short form; the long one is for sections of 4 GB. */
static bool is_short(const struct cfi_section *section, size_t offset)
{
	struct cursor cursor = {
		.at = section->bytes + offset,
		.end = section->bytes + section->size,
	};

	return cursor_unsigned(&cursor, 4) != LENGTH_64_BIT;
}

static bool personality_skip(struct cursor *data)
{
	uint8_t encoding = cursor_unsigned(data, 1);
	uint64_t skipped;

	return (encoding & 0x70) != DW_EH_PE_aligned && number_read(encoding, data, &skipped);
}

/* The augmentation string: what each letter adds. Returns false for one that is not known. */
static bool augmentation_read(struct cfi_cie *cie, const char *letters, struct cursor *cursor)
{
	struct cursor data;

	if (!*letters)
		return true;
	if (*letters != 'z')
		return false;
	cie->augmented = true;
	data = cursor_take(cursor, cursor_uleb128(cursor));
	while (*++letters) {
		switch (*letters) {
		case 'R':
			cie->encoding = cursor_unsigned(&data, 1);
			break;
		case 'L':
			cursor_unsigned(&data, 1);
			break;
		case 'P':
			if (!personality_skip(&data))
				return false;
			break;
		case 'S':
			cie->signal = true;
			break;
		default:
			return false;
		}
	}
	return !data.bad;
}

/* Versions 1 (LSB), 3 (DWARF 3) and 4 (DWARF 4, 5). Returns false for what is not known. */
static bool cie_header_read(struct cfi_cie *cie, struct cursor *cursor)
{
	uint8_t version = cursor_unsigned(cursor, 1);
	const char *letters = (const char *)cursor->at;
	const uint8_t *nul = memchr(cursor->at, 0, cursor->end - cursor->at);

	if ((version != 1 && version != 3 && version != 4) || !nul)
		return false;
	cursor->at = nul + 1;
	/* Size of addresses, of segment selectors. */
	if (version == 4 && (cursor_unsigned(cursor, 1) != 8 || cursor_unsigned(cursor, 1)))
		return false;
	cie->code_factor = cursor_uleb128(cursor);
	cie->data_factor = cursor_sleb128(cursor);
	cie->return_register = version == 1 ? cursor_unsigned(cursor, 1) : cursor_uleb128(cursor);
	return augmentation_read(cie, letters, cursor) && !cursor->bad;
}

static bool cie_read(const struct cfi_section *section, size_t offset, struct cfi_cie *cie)
{
	uint32_t id = section->eh ? 0 : DEBUG_CIE_ID;
	struct cursor body;

	*cie = (struct cfi_cie){ .offset = offset, .encoding = DW_EH_PE_absptr };
	if (!entry_body(section, offset, &body) || body.end - body.at > CIE_MAX_BYTES ||
	    !is_short(section, offset) || cursor_unsigned(&body, 4) != id || body.bad ||
	    !cie_header_read(cie, &body))
		return false;
	cie->instructions = body;
	return true;
}

/* NULL when there is no common entry that can be used at `offset`. */
static const struct cfi_cie *cie_at(struct cfi_reader *reader, size_t offset)
{
	struct cfi_cie *cie = &reader->cies[offset / 4 % CFI_CIES];

	if (cie->offset != offset)
		cie->valid = cie_read(&reader->section, offset, cie) &&
			     cfi_initial_state(&reader->section, cie);
	return cie->valid ? cie : NULL;
}

bool cfi_fde_read(struct cfi_reader *reader, size_t offset, struct cfi_fde *fde)
{
	const struct cfi_section *section = &reader->section;
	size_t id_offset = offset + 4;
	struct cursor body;
	uint64_t id, length;

	if (!entry_body(section, offset, &body) || !is_short(section, offset))
		return false;
	id = cursor_unsigned(&body, 4);
	if (body.bad || id == (section->eh ? 0 : DEBUG_CIE_ID) || (section->eh && id > id_offset))
		return false;
	fde->cie = cie_at(reader, section->eh ? id_offset - id : id);
	if (!fde->cie || !cfi_address_read(section, fde->cie->encoding, &body, &fde->start) ||
	    !number_read(fde->cie->encoding, &body, &length))
		return false;
	if (fde->cie->augmented)
		cursor_take(&body, cursor_uleb128(&body));
	if (body.bad || !length || fde->start >= ADDRESS_MAX || length > ADDRESS_MAX - fde->start)
		return false;
	fde->end = fde->start + length;
	fde->instructions = body;
	return true;
}
