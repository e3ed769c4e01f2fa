/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What we ask of an ELF file: symbols, addresses against file offsets, build-id,
 * needed libraries, interpreter, code bytes. The file may be hostile: nothing is
 * read outside it, and what does not parse is as if it were not there.
 */
#ifndef LEAKTRACE_ELF_ELF_FILE_H
#define LEAKTRACE_ELF_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libelf.h>

struct elf_file;

/*
 * Opens a 64-bit little-endian ELF file for this machine, read-only. Returns 0,
 * -errno of open, -ENOEXEC when it is no ELF file (or no regular file),
 * -EAFNOSUPPORT when it is one of another class or machine (32-bit, say).
 */
int elf_file_open(const char *path, struct elf_file **file);
/* The same for a copy of an image in memory (the vDSO). */
int elf_file_open_image(const void *image, size_t size, struct elf_file **file);
/* Takes NULL. */
void elf_file_close(struct elf_file *file);

/* Inode number of the file that was opened, 0 for an image. */
uint64_t elf_file_inode(struct elf_file *file);

/* The libelf handle, for libdw. Belongs to `file`. */
Elf *elf_file_elf(struct elf_file *file);

/* Lower-case hex of the GNU build-id, NULL when there is none. */
const char *elf_file_build_id(struct elf_file *file);

/* PT_INTERP's path, NULL when there is none (static, or a library). */
const char *elf_file_interpreter(struct elf_file *file);

/* True for an executable or library with a dynamic section. */
bool elf_file_is_dynamic(struct elf_file *file);

/* Calls `visit` for each DT_NEEDED name in order, until it returns nonzero; returns what it
 * returned. */
int elf_file_each_needed(struct elf_file *file, int (*visit)(const char *soname, void *context),
			 void *context);

/* DT_RUNPATH or else DT_RPATH ("a:b", with $ORIGIN as it stands), NULL when there is none. */
const char *elf_file_runpath(struct elf_file *file);

bool elf_file_has_section(struct elf_file *file, const char *name);

/* The section's bytes as they are in the file, `*size` of them; NULL when there is none. */
const void *elf_file_section(struct elf_file *file, const char *name, size_t *size);

/* True when a section says the file was made by the Go linker (.go.buildinfo, .gopclntab, ...). */
bool elf_file_is_go(struct elf_file *file);

struct elf_symbol {
	const char *name; /* without version suffix; valid as long as the file */
	uint64_t address; /* virtual address in the file's own terms */
	uint64_t size;	  /* 0: unknown */
	uint8_t type;	  /* STT_FUNC, STT_GNU_IFUNC, STT_OBJECT, ... */
	uint8_t binding;  /* STB_GLOBAL, ... */
	bool dynamic;	  /* of .dynsym */
};

/*
 * Calls `visit` for every defined symbol of .symtab and of .dynsym (a name that
 * is in both comes twice), until it returns nonzero; returns what it returned.
 */
int elf_file_each_symbol(struct elf_file *file,
			 int (*visit)(const struct elf_symbol *symbol, void *context),
			 void *context);

/* Virtual address to offset in the file, by the PT_LOAD segments; and back. UINT64_MAX: in none. */
uint64_t elf_file_offset_of(struct elf_file *file, uint64_t address);
uint64_t elf_file_address_of(struct elf_file *file, uint64_t offset);

/*
 * The file's bytes of an executable PT_LOAD segment that holds `address`, mapped:
 * `*start` its first virtual address, `*size` its bytes in the file. Returns
 * NULL when no executable segment holds it.
 */
const uint8_t *elf_file_code(struct elf_file *file, uint64_t address, uint64_t *start,
			     uint64_t *size);

#endif
