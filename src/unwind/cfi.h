/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information as it stands in a file: where the section is, its
 * entries, and the rows that an entry's instructions describe. Formats: DWARF 5,
 * 6.4, and for .eh_frame the Linux Standard Base, Core, "Exception Frames".
 *
 * Read by code of ours and not by libdw: that looks an address up by running the
 * instructions of its entry from the first (so all rows of a hostile entry take
 * quadratic time, and a register's number up to 2 GB of memory), reads augmentation
 * data behind an entry's end, and of two entries for an address knows one. Here
 * every entry is read once and in bounds; the tests hold the result against libdw.
 */
#ifndef LEAKTRACE_UNWIND_CFI_H
#define LEAKTRACE_UNWIND_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/cursor.h"

struct elf_file;

/* ---- section (cfi_section.c) ------------------------------------------------- */

struct cfi_section {
	const uint8_t *bytes; /* belong to the file */
	size_t size;
	uint64_t address; /* virtual, of `bytes` */
	bool eh;	  /* .eh_frame's format, not .debug_frame's */
	bool terminated;  /* an empty entry ends it: how far it goes is not known */
};

/* Each returns true when the file has it and it is not empty. */
bool cfi_section_eh_frame(struct elf_file *file, struct cfi_section *section);
bool cfi_section_debug_frame(struct elf_file *file, struct cfi_section *section);

/* ---- entries (cfi_entry.c) --------------------------------------------------- */

/* The general registers, the stack pointer, the return address: numbers of DWARF up to 16 for
 * x86-64 (psABI, 3.7), up to 31 for arm64. */
#define CFI_REGISTERS 32

enum cfi_how {
	CFI_UNSPECIFIED,
	CFI_UNDEFINED,
	CFI_SAME_VALUE,
	CFI_OFFSET,	    /* at CFA + offset */
	CFI_VAL_OFFSET,	    /* is CFA + offset */
	CFI_REGISTER,	    /* is register + offset */
	CFI_EXPRESSION,	    /* for a register: at; for the CFA: is */
	CFI_VAL_EXPRESSION, /* is */
};

struct cfi_value {
	enum cfi_how how;
	uint32_t reg;
	int64_t offset;
	struct cursor expression;
};

/* A row: how the CFA and the caller's registers are found. */
struct cfi_state {
	struct cfi_value cfa;
	struct cfi_value registers[CFI_REGISTERS];
};

/* A common information entry. */
struct cfi_cie {
	size_t offset; /* in the section */
	uint64_t code_factor;
	int64_t data_factor;
	uint64_t return_register;
	uint8_t encoding; /* of addresses, DW_EH_PE_... */
	bool signal;	  /* its frames are made by the kernel, not by a call */
	bool augmented;	  /* frame description entries have sized augmentation data */
	bool valid;
	struct cursor instructions;
	struct cfi_state initial;
};

/* A frame description entry. */
struct cfi_fde {
	const struct cfi_cie *cie; /* valid until the reader reads another one */
	uint64_t start;
	uint64_t end;
	struct cursor instructions;
};

#define CFI_CIES 8

/* Reads a section; keeps the last few common entries, as most sections have no more. */
struct cfi_reader {
	struct cfi_section section;
	struct cfi_cie cies[CFI_CIES];
};

void cfi_reader_init(struct cfi_reader *reader, const struct cfi_section *section);

/* From an entry to the next. Returns false at the section's end or where it makes no sense. */
bool cfi_entry_next(const struct cfi_section *section, size_t *offset);

/* Reads the entry at `offset`. Returns false when it is no FDE or one that cannot be used. */
bool cfi_fde_read(struct cfi_reader *reader, size_t offset, struct cfi_fde *fde);

/* An address as the pointer encoding says (absolute or relative to its place, fixed size). */
bool cfi_address_read(const struct cfi_section *section, uint8_t encoding, struct cursor *cursor,
		      uint64_t *address);

/* ---- rows (cfi_rows.c) ------------------------------------------------------- */

/* Runs a common entry's instructions into `cie->initial`. Returns false when they make no sense. */
bool cfi_initial_state(const struct cfi_section *section, struct cfi_cie *cie);

/* Gets the rows of an FDE. `state` is NULL for code whose instructions make no sense. */
typedef int (*cfi_row_visit)(void *context, const struct cfi_cie *cie, uint64_t start,
			     const struct cfi_state *state);

/*
 * Calls `visit` for each row that begins before `end`, at rising addresses without
 * gaps, the first at the entry's start, until it returns nonzero; returns what it
 * returned.
 */
int cfi_rows_each(const struct cfi_section *section, const struct cfi_fde *fde, uint64_t end,
		  cfi_row_visit visit, void *context);

#endif
