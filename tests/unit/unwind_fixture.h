/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unwind tables of files that tests assemble. */
#ifndef LEAKTRACE_TESTS_UNWIND_FIXTURE_H
#define LEAKTRACE_TESTS_UNWIND_FIXTURE_H

#include <link.h>

#include "elf_fixture.h"
#include "unwind_check.h"

#include "elf/elf_file.h"
#include "unwind/table.h"

/* A file, its table and rules of its own. */
struct unwind {
	struct elf_file *file;
	struct unwind_rules *rules;
	struct unwind_table *table; /* NULL when `err` */
	int err;
	struct wire_rule storage[WIRE_RULES];
};

/* Takes over `file`. */
static inline struct unwind *unwind_of(struct elf_file *file)
{
	struct unwind *unwind = calloc(1, sizeof(*unwind));
	const char *wrong;

	assert_non_null(unwind);
	unwind->file = file;
	unwind->rules = unwind_rules_new(unwind->storage);
	assert_non_null(unwind->rules);
	unwind->err = unwind_table_build(file, unwind->rules, &unwind->table);
	if (unwind->err) {
		assert_null(unwind->table);
		return unwind;
	}
	wrong = unwind_check(unwind->table, unwind_rules_count(unwind->rules));
	if (wrong)
		fail_msg("malformed table: %s", wrong);
	return unwind;
}

static inline struct unwind *unwind_of_path(const char *path)
{
	struct elf_file *file;

	assert_int_equal(elf_file_open(path, &file), 0);
	return unwind_of(file);
}

static inline struct unwind *unwind_of_image(const void *image, size_t size)
{
	struct elf_file *file;

	assert_int_equal(elf_file_open_image(image, size, &file), 0);
	return unwind_of(file);
}

static inline void unwind_free(struct unwind *unwind)
{
	unwind_table_free(unwind->table);
	unwind_rules_free(unwind->rules);
	elf_file_close(unwind->file);
	free(unwind);
}

/* Assembles and links without anything else in it. */
static inline struct unwind *unwind_assembled(const struct fixture *fixture, const char *source,
					      const char *flags)
{
	fixture_text(fixture, "code.s", source);
	fixture_run(
		fixture,
		"gcc -nostdlib -static -Wl,-e,0,--no-ld-generated-unwind-info,-z,noexecstack %s "
		"-o code code.s",
		flags);
	return unwind_of_path(fixture_path(fixture, "code"));
}

/* The same, with a section .raw that becomes .eh_frame when the linker is done. */
static inline struct unwind *unwind_raw(const struct fixture *fixture, const char *source,
					const char *flags)
{
	unwind_free(unwind_assembled(fixture, source, flags));
	fixture_run(fixture, "objcopy --rename-section .raw=.eh_frame code");
	return unwind_of_path(fixture_path(fixture, "code"));
}

struct unwind_symbol {
	const char *name;
	uint64_t address;
};

static inline int unwind_symbol_match(const struct elf_symbol *symbol, void *context)
{
	struct unwind_symbol *wanted = context;

	if (strcmp(symbol->name, wanted->name))
		return 0;
	wanted->address = symbol->address;
	return 1;
}

static inline uint64_t unwind_address(struct unwind *unwind, const char *name)
{
	struct unwind_symbol wanted = { .name = name };

	if (!elf_file_each_symbol(unwind->file, unwind_symbol_match, &wanted))
		fail_msg("no symbol %s", name);
	return wanted.address;
}

static inline const struct wire_rule *unwind_at(struct unwind *unwind, uint64_t address)
{
	assert_int_equal(unwind->err, 0);
	return unwind_table_find(unwind->table, unwind->storage, address);
}

static inline void unwind_assert(struct unwind *unwind, const char *name, uint64_t offset,
				 struct wire_rule wanted)
{
	const struct wire_rule *rule = unwind_at(unwind, unwind_address(unwind, name) + offset);

	if (memcmp(rule, &wanted, sizeof(wanted)))
		fail_msg("%s + %lu: cfa %d %+d, rbp %d %+d instead of cfa %d %+d, rbp %d %+d", name,
			 offset, rule->cfa, rule->cfa_offset, rule->fp, rule->fp_offset, wanted.cfa,
			 wanted.cfa_offset, wanted.fp, wanted.fp_offset);
}

/* ---- libraries that this process has loaded ------------------------------------ */

struct library {
	const char *name;
	char path[PATH_MAX];
};

static inline int find_library(struct dl_phdr_info *info, size_t size, void *context)
{
	struct library *library = context;

	(void)size;
	if (!strstr(info->dlpi_name, library->name))
		return 0;
	snprintf(library->path, sizeof(library->path), "%s", info->dlpi_name);
	return 1;
}

static inline struct library loaded(const char *name)
{
	struct library library = { .name = name };

	if (!dl_iterate_phdr(find_library, &library))
		fail_msg("%s is not loaded", name);
	return library;
}

#define RULE(cfa_, cfa_offset_, rbp_, rbp_offset_)                                                 \
	((struct wire_rule){ .cfa = WIRE_CFA_##cfa_,                                               \
			     .cfa_offset = (cfa_offset_),                                          \
			     .fp = WIRE_FP_##rbp_,                                                 \
			     .fp_offset = (rbp_offset_) })
#define NO_RULE RULE(NO_RULE, 0, SAME, 0)
#define UNSUPPORTED RULE(UNSUPPORTED, 0, SAME, 0)
#define OUTERMOST RULE(OUTERMOST, 0, SAME, 0)

/* One function of four one-byte instructions, with directives before each. */
#define FUNCTION(name, before, at_1, at_2, at_3)                                                   \
	".globl " name "\n" name ":\n.cfi_startproc\n" before "\nnop\n" at_1 "\nnop\n" at_2        \
	"\nnop\n" at_3 "\nnop\n.cfi_endproc\n"

#endif
