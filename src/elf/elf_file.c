/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns an opened ELF file: its libelf handle and what is derived
 * from them. Knows nothing of DWARF, of processes or of what the answers are
 * for. Every offset and length in the file is checked against the file's size
 * before it is followed. Formats: System V gABI, elf(5).
 */
#include "elf/elf_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"
#include "util/file.h"
#include "util/strings.h"

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#else
#error "no ELF machine number for this architecture"
#endif

/* Linkers make 8 to 32 bytes; anything longer is not one of theirs. */
#define BUILD_ID_MAX_BYTES 64
/* Of a file that is read into memory. */
#define READ_BYTES_MAX (2LL << 30)

/* A PT_LOAD segment as far as the file has bytes for it. */
struct segment {
	uint64_t address;
	uint64_t offset;
	uint64_t size;
	bool executable;
};

struct elf_file {
	const uint8_t *image;
	size_t size;
	void *copy; /* the image, when it is not libelf's */
	uint64_t inode;
	Elf *elf;
	struct segment *segments;
	size_t segment_count;
	struct strings *names; /* symbol names that had a version suffix */
	bool build_id_read;
	char build_id[2 * BUILD_ID_MAX_BYTES + 1];
};

/* ---- open and close ---------------------------------------------------------- */

static int check_header(const uint8_t *image, size_t size)
{
	Elf64_Ehdr header;

	if (size < EI_NIDENT || memcmp(image, ELFMAG, SELFMAG))
		return -ENOEXEC;
	if (image[EI_CLASS] != ELFCLASS64 || image[EI_DATA] != ELFDATA2LSB)
		return -EAFNOSUPPORT;
	if (size < sizeof(header))
		return -ENOEXEC;
	memcpy(&header, image, sizeof(header));
	return header.e_machine == NATIVE_MACHINE ? 0 : -EAFNOSUPPORT;
}

static int load_segments(struct elf_file *file)
{
	size_t count = 0;

	if (elf_getphdrnum(file->elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct segment *segment;
		GElf_Phdr header;

		if (!gelf_getphdr(file->elf, i, &header) || header.p_type != PT_LOAD ||
		    !header.p_filesz || header.p_offset >= file->size)
			continue;
		segment = array_add(&file->segments, &file->segment_count, sizeof(*segment));
		if (!segment)
			return -ENOMEM;
		segment->address = header.p_vaddr;
		segment->offset = header.p_offset;
		segment->size = header.p_filesz;
		if (segment->size > file->size - segment->offset)
			segment->size = file->size - segment->offset;
		segment->executable = header.p_flags & PF_X;
	}
	return 0;
}

/* Takes over `elf` (NULL: libelf refused) and `copy`, also when it fails. */
static int new_file(Elf *elf, void *copy, struct elf_file **result)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file) {
		elf_end(elf);
		free(copy);
		return -ENOMEM;
	}
	file->elf = elf;
	file->copy = copy;
	file->image = (const uint8_t *)elf_rawfile(elf, &file->size);
	err = file->image ? check_header(file->image, file->size) : -ENOEXEC;
	if (!err && elf_kind(elf) != ELF_K_ELF)
		err = -ENOEXEC;
	if (!err)
		err = load_segments(file);
	if (err)
		elf_file_close(file);
	else
		*result = file;
	return err;
}

int elf_file_open_image(const void *image, size_t size, struct elf_file **file)
{
	/* A copy, since libelf may write to what it is given. */
	char *copy = malloc(size ? size : 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, image, size);
	elf_version(EV_CURRENT);
	return new_file(elf_memory(copy, size), copy, file);
}

/*
 * Of files that only we can change a mapping is read. Anybody else could cut his off under it,
 * which ends a reader with SIGBUS: such a file is read into memory.
 */
static int open_elf(int fd, const struct stat *status, struct elf_file **file)
{
	bool is_ours = file_is_ours(status);
	int err;

	if (status->st_size < EI_NIDENT || file_is_hollow(status))
		return -ENOEXEC;
	if (!is_ours && status->st_size > READ_BYTES_MAX)
		return -EFBIG;
	elf_version(EV_CURRENT);
	err = new_file(elf_begin(fd, is_ours ? ELF_C_READ_MMAP : ELF_C_READ, NULL), NULL, file);
	if (err)
		return err;
	(*file)->inode = status->st_ino;
	/* All of it is mapped, or read by elf_rawfile(). */
	elf_cntl((*file)->elf, ELF_C_FDDONE);
	return 0;
}

int elf_file_open(const char *path, struct elf_file **file)
{
	struct stat status;
	int err, fd = file_open(path, &status);

	if (fd < 0)
		return fd;
	err = open_elf(fd, &status, file);
	close(fd);
	return err;
}

void elf_file_close(struct elf_file *file)
{
	if (!file)
		return;
	strings_free(file->names);
	free(file->segments);
	elf_end(file->elf);
	free(file->copy);
	free(file);
}

Elf *elf_file_elf(struct elf_file *file)
{
	return file->elf;
}

uint64_t elf_file_inode(struct elf_file *file)
{
	return file->inode;
}

/* ---- segments ---------------------------------------------------------------- */

static const struct segment *segment_at(const struct elf_file *file, uint64_t address)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const struct segment *segment = &file->segments[i];

		if (address - segment->address < segment->size)
			return segment;
	}
	return NULL;
}

uint64_t elf_file_offset_of(struct elf_file *file, uint64_t address)
{
	const struct segment *segment = segment_at(file, address);

	return segment ? address - segment->address + segment->offset : UINT64_MAX;
}

/* The least page of the machines that we know. */
#define CODE_PAGE_BYTES 4096

uint64_t elf_file_address_of(struct elf_file *file, uint64_t offset)
{
	uint64_t found = UINT64_MAX;

	for (size_t i = 0; i < file->segment_count; i++) {
		const struct segment *segment = &file->segments[i];
		/*
		 * Code is mapped from its page's start on, which may hold the end of another
		 * segment (lld does not pad them apart).
		 */
		uint64_t lead = segment->executable ? segment->offset % CODE_PAGE_BYTES : 0;

		if (offset - (segment->offset - lead) >= segment->size + lead)
			continue;
		/* Bytes that two segments share are asked for as code. */
		if (found == UINT64_MAX || segment->executable)
			found = offset - segment->offset + segment->address;
		if (segment->executable)
			break;
	}
	return found;
}

const uint8_t *elf_file_code(struct elf_file *file, uint64_t address, uint64_t *start,
			     uint64_t *size)
{
	const struct segment *segment = segment_at(file, address);

	if (!segment || !segment->executable)
		return NULL;
	*start = segment->address;
	*size = segment->size;
	return file->image + segment->offset;
}

/* ---- notes and sections --------------------------------------------------------- */

const char *elf_file_build_id(struct elf_file *file)
{
	if (!file->build_id_read) {
		const void *id = NULL;
		ssize_t length = dwelf_elf_gnu_build_id(file->elf, &id);
		const uint8_t *bytes = id;

		file->build_id_read = true;
		if (length > BUILD_ID_MAX_BYTES)
			length = 0;
		for (ssize_t i = 0; i < length; i++) {
			file->build_id[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
			file->build_id[2 * i + 1] = "0123456789abcdef"[bytes[i] & 0xf];
		}
	}
	return file->build_id[0] ? file->build_id : NULL;
}

static bool find_section(struct elf_file *file, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(file->elf, &names))
		return false;
	while ((section = elf_nextscn(file->elf, section))) {
		const char *found;

		if (!gelf_getshdr(section, header) || header->sh_type == SHT_NOBITS)
			continue;
		found = elf_strptr(file->elf, names, header->sh_name);
		if (found && !strcmp(found, name))
			return true;
	}
	return false;
}

bool elf_file_has_section(struct elf_file *file, const char *name)
{
	GElf_Shdr header;

	return find_section(file, name, &header);
}

const void *elf_file_section(struct elf_file *file, const char *name, size_t *size)
{
	GElf_Shdr header;

	if (!find_section(file, name, &header) || header.sh_offset > file->size ||
	    header.sh_size > file->size - header.sh_offset)
		return NULL;
	*size = header.sh_size;
	return file->image + header.sh_offset;
}

bool elf_file_is_go(struct elf_file *file)
{
	static const char *const marks[] = {
		".go.buildinfo",
		".note.go.buildid",
		".gopclntab",
		".data.rel.ro.gopclntab",
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		if (elf_file_has_section(file, marks[i]))
			return true;
	}
	return false;
}

/* ---- symbols -------------------------------------------------------------------- */

/* "memcpy@@GLIBC_2.14" in .symtab is memcpy. NULL when out of memory. */
static const char *name_without_version(struct elf_file *file, const char *name)
{
	const char *at = strchr(name, '@'), *interned;
	char *cut;

	if (!at || at == name)
		return name;
	if (!file->names)
		file->names = strings_new();
	cut = strndup(name, at - name);
	interned = file->names && cut ? strings_intern(file->names, cut) : NULL;
	free(cut);
	return interned;
}

struct symbol_walk {
	struct elf_file *file;
	int (*visit)(const struct elf_symbol *symbol, void *context);
	void *context;
};

static int visit_symbol(const struct symbol_walk *walk, const GElf_Sym *raw,
			const GElf_Shdr *header)
{
	struct elf_symbol symbol = {
		.address = raw->st_value,
		.size = raw->st_size,
		.type = GELF_ST_TYPE(raw->st_info),
		.binding = GELF_ST_BIND(raw->st_info),
		.dynamic = header->sh_type == SHT_DYNSYM,
	};
	const char *name;

	if (raw->st_shndx == SHN_UNDEF || symbol.type == STT_FILE || symbol.type == STT_SECTION)
		return 0;
	name = elf_strptr(walk->file->elf, header->sh_link, raw->st_name);
	symbol.name = name && *name ? name_without_version(walk->file, name) : NULL;
	return symbol.name ? walk->visit(&symbol, walk->context) : 0;
}

int elf_file_each_symbol(struct elf_file *file,
			 int (*visit)(const struct elf_symbol *symbol, void *context),
			 void *context)
{
	struct symbol_walk walk = { .file = file, .visit = visit, .context = context };
	Elf_Scn *section = NULL;
	int result = 0;

	while (!result && (section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;
		Elf_Data *data;
		GElf_Sym raw;

		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(section, NULL);
		if (!data || !data->d_buf)
			continue;
		/* gelf_getsym() gives NULL past the section's end. */
		for (int i = 0; !result && gelf_getsym(data, i, &raw); i++)
			result = visit_symbol(&walk, &raw, &header);
	}
	return result;
}
