/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind/table and files that lie: every table is well formed, whatever they say. */
#include <gelf.h>

#include "unwind_fixture.h"

/* All forms of rules in little code, so that most damage meets some. */
static const char source[] = FUNCTION("f", "", ".cfi_def_cfa_offset 16\n.cfi_offset rbp,-16",
				      ".cfi_remember_state\n.cfi_def_cfa_register rbp",
				      ".cfi_restore_state")
	FUNCTION("g", "", ".cfi_escape 0x0f,3,0x76,0x78,6", ".cfi_escape 0x10,6,2,0x76,0",
		 ".cfi_undefined rip") FUNCTION("h", ".cfi_signal_frame\n.cfi_personality 0x1b,f",
						".cfi_escape 0x0f,4,0x77,0xa0,0x01,6",
						".cfi_val_offset rsp,16", ".cfi_register rbp,r9");

static const char debug_source[] = ".cfi_sections .debug_frame\n" FUNCTION(
	"f", "", ".cfi_def_cfa_offset 16", "", ".cfi_undefined rip");

/* From memory of just that size, so that the sanitizer sees a byte too many. */
static void build_bytes(struct unwind_rules *rules, const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size);
	struct unwind_table *table = NULL;
	const char *wrong = NULL;
	struct elf_file *file;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	if (!elf_file_open_image(copy, size, &file)) {
		if (!unwind_table_build(file, rules, &table))
			wrong = unwind_check(table, unwind_rules_count(rules));
		if (wrong)
			fail_msg("malformed table: %s", wrong);
		unwind_table_free(table);
		elf_file_close(file);
	}
	free(copy);
}

struct target {
	struct unwind *unwind;
	uint8_t *bytes;
	size_t size;
	size_t offset; /* of the section */
	size_t length;
};

static void target_section(struct target *target, const char *name)
{
	Elf *elf = elf_file_elf(target->unwind->file);
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((section = elf_nextscn(elf, section))) {
		assert_non_null(gelf_getshdr(section, &header));
		if (strcmp(elf_strptr(elf, names, header.sh_name), name))
			continue;
		target->offset = header.sh_offset;
		target->length = header.sh_size;
		return;
	}
	fail_msg("no section %s", name);
}

static struct target target_new(const struct fixture *fixture, const char *text,
				const char *section, const char *flags)
{
	struct target target = { .unwind = unwind_assembled(fixture, text, flags) };

	assert_int_equal(target.unwind->err, 0);
	target.bytes = fixture_read(fixture, "code", &target.size);
	target_section(&target, section);
	return target;
}

static void target_free(struct target *target)
{
	unwind_free(target->unwind);
	free(target->bytes);
}

#define SMALL "-no-pie -Wl,-z,noseparate-code,--build-id=none -Wl,--eh-frame-hdr"

static void test_truncated(void **state)
{
	struct target target = target_new(*state, source, ".eh_frame", SMALL);

	for (size_t size = 1; size <= target.size; size++)
		build_bytes(target.unwind->rules, target.bytes, size);
	target_free(&target);
}

/* Section headers live behind all else: without them, each cut hits the section itself. */
static void test_truncated_segment(void **state)
{
	struct target target = target_new(*state, source, ".eh_frame", SMALL);
	Elf64_Ehdr *header = (Elf64_Ehdr *)target.bytes;

	header->e_shoff = 0;
	header->e_shnum = 0;
	header->e_shstrndx = 0;
	for (size_t size = 1; size <= target.offset + target.length; size++)
		build_bytes(target.unwind->rules, target.bytes, size);
	target_free(&target);
}

static void damage(struct target *target, unsigned int *seed, int rounds)
{
	static const uint8_t favourites[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint8_t *copy = malloc(target->size);

	assert_non_null(copy);
	for (int round = 0; round < rounds; round++) {
		int flips = 1 + rand_r(seed) % 4;

		memcpy(copy, target->bytes, target->size);
		for (int i = 0; i < flips; i++) {
			uint8_t *byte = &copy[target->offset + rand_r(seed) % target->length];

			*byte = rand_r(seed) % 2 ? rand_r(seed)
						 : favourites[rand_r(seed) % sizeof(favourites)];
		}
		build_bytes(target->unwind->rules, copy, target->size);
	}
	free(copy);
}

static void test_damaged(void **state)
{
	static const struct {
		const char *text;
		const char *section;
		const char *flags;
		int rounds;
	} cases[] = {
		{ source, ".eh_frame", SMALL, 20000 },
		{ source, ".eh_frame_hdr", SMALL, 1000 },
		{ debug_source, ".debug_frame", SMALL, 5000 },
		{ debug_source, ".debug_frame", SMALL " -Wl,--compress-debug-sections=zlib", 2000 },
	};
	unsigned int seed = 1;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct target target =
			target_new(*state, cases[i].text, cases[i].section, cases[i].flags);

		damage(&target, &seed, cases[i].rounds);
		target_free(&target);
	}
}

/* In program and section headers: segments and sections where there is nothing. */
static void test_damaged_headers(void **state)
{
	struct target target = target_new(*state, source, ".eh_frame", SMALL);
	unsigned int seed = 2;

	target.offset = EI_NIDENT;
	target.length = 0x200 - EI_NIDENT;
	damage(&target, &seed, 3000);
	target.offset = target.size - 7 * sizeof(Elf64_Shdr);
	target.length = 7 * sizeof(Elf64_Shdr);
	damage(&target, &seed, 3000);
	target_free(&target);
}

/* A function of more rows than there is time for when each row costs all those before it. */
static void test_many_rows(void **state)
{
	struct unwind *unwind = unwind_assembled(*state,
						 ".globl f\nf:\n.cfi_startproc\n"
						 ".rept 300000\nnop\n.cfi_def_cfa_offset 16\n"
						 "nop\n.cfi_def_cfa_offset 8\n.endr\nnop\n"
						 ".cfi_endproc\n",
						 "");

	assert_int_equal(unwind->err, 0);
	assert_true(unwind->table->row_count >= 600001);
	unwind_assert(unwind, "f", 599999, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "f", 600000, RULE(SP, 8, SAME, 0));
	unwind_free(unwind);
}

/* Registers beyond those there are cost no memory; states are remembered so deep and no deeper. */
static void test_excess(void **state)
{
	struct unwind *unwind = unwind_assembled(
		*state,
		FUNCTION("registers", "", ".cfi_escape 0x08,0xff,0xff,0xff,0x3f",
			 ".cfi_escape 0x07,0xff,0xff,0xff,0xff,0xff,0xff,0xff,0xff,0xff,0x01",
			 ".cfi_def_cfa_offset 16")
			FUNCTION("numbers", "",
				 ".cfi_escape 0x08,0xff,0xff,0xff,0xff,0xff,0xff,0xff,0xff,0xff,"
				 "0xff,0x01",
				 "", ".cfi_def_cfa_offset 16")
				FUNCTION("deep", "", ".rept 16\n.cfi_remember_state\n.endr",
					 ".cfi_remember_state", ""),
		"");

	unwind_assert(unwind, "registers", 2, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "registers", 3, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "numbers", 0, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "numbers", 3, UNSUPPORTED);
	unwind_assert(unwind, "deep", 1, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "deep", 2, UNSUPPORTED);
	unwind_free(unwind);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_truncated),	    CASE(test_truncated_segment), CASE(test_damaged),
		CASE(test_damaged_headers), CASE(test_many_rows),	  CASE(test_excess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
