/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind/table: sections and entries of all forms, those that are left out among them. */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>

#include "unwind_fixture.h"

/* An .eh_frame byte by byte, kept from the linker, which edits them, by another name. CIE:
 * augmentation, its data, instructions; FDE: bodies. */
#define CIE(name, version, augmentation, data, instructions)                                       \
	name ": .long 2f-1f\n1: .long 0\n.byte " version "\n.asciz \"" augmentation "\"\n"         \
	     ".uleb128 1\n.sleb128 -8\n.byte 16\n" data "\n.byte 0x0c,7,8,0x90,1\n" instructions   \
	     "\n.balign 4\n2:\n"
#define ZR(encoding) ".uleb128 1\n.byte " encoding
#define FDE(cie, body) ".long 2f-1f\n1: .long 1b-" cie "\n" body "\n.balign 4\n2:\n"
#define CODE(sections)                                                                             \
	".text\n.balign 256\n.globl f\nf: .fill 64,1,0x90\n"                                       \
	".section .raw,\"a\",@progbits\n" sections ".long 0\n"

static void test_overlaps(void **state)
{
	/* [0,32) +16, then in file order before it [8,16) +24, and twice [40,48). */
	struct unwind *unwind = unwind_raw(
		*state,
		CODE(CIE("c", "1", "zR", ZR("0x1b"), "") FDE("c", ".long f+8-.,8\n.byte 0,0x0e,24")
			     FDE("c", ".long f-.,32\n.byte 0,0x0e,16")
				     FDE("c", ".long f+40-.,8\n.byte 0,0x0e,32")
					     FDE("c", ".long f+40-.,4\n.byte 0,0x0e,40")),
		"");

	unwind_assert(unwind, "f", 7, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "f", 8, RULE(SP, 24, SAME, 0));
	unwind_assert(unwind, "f", 15, RULE(SP, 24, SAME, 0));
	unwind_assert(unwind, "f", 16, NO_RULE);
	unwind_assert(unwind, "f", 40, RULE(SP, 40, SAME, 0));
	unwind_assert(unwind, "f", 44, NO_RULE);
	unwind_free(unwind);
}

/* DW_CFA_set_loc (1) is in the encoding of the entry's addresses; it leads forward. */
static void test_set_location(void **state)
{
	struct unwind *unwind = unwind_raw(
		*state,
		CODE(CIE("c", "1", "zR", ZR("0x1b"), "")
			     FDE("c", ".long f-.,16\n.byte 0,0x0e,16,1\n.long f+8-.\n.byte 0x0e,24")
				     FDE("c", ".long f+16-.,16\n.byte 0,0x0e,16,0x48,0x0e,24,1\n"
					      ".long f+20-.\n.byte 0x0e,32")),
		"");

	unwind_assert(unwind, "f", 7, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "f", 8, RULE(SP, 24, SAME, 0));
	unwind_assert(unwind, "f", 23, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "f", 24, UNSUPPORTED);
	unwind_assert(unwind, "f", 31, UNSUPPORTED);
	unwind_free(unwind);
}

/* One FDE for f, found (+16) or left out. */
static void assert_usable(const struct fixture *fixture, const char *cie, const char *address,
			  bool usable)
{
	char source[4096];
	struct unwind *unwind;

	snprintf(source, sizeof(source),
		 CODE("%s" FDE("c", "%s\n.byte 0,0x0e,16") CIE("good", "1", "zR", ZR("0x1b"), "")
			      FDE("good", ".long f+48-.,4\n.byte 0")),
		 cie, address);
	unwind = unwind_raw(fixture, source, "-no-pie");
	unwind_assert(unwind, "f", 0, usable ? RULE(SP, 16, SAME, 0) : NO_RULE);
	unwind_assert(unwind, "f", 31, usable ? RULE(SP, 16, SAME, 0) : NO_RULE);
	/* The next entry does not suffer. */
	unwind_assert(unwind, "f", 48, RULE(SP, 8, SAME, 0));
	unwind_free(unwind);
}

static void test_encodings(void **state)
{
	static const struct {
		const char *cie;
		const char *address;
		bool usable;
	} cases[] = {
		{ CIE("c", "1", "zR", ZR("0x00"), ""), ".quad f,32", true },
		{ CIE("c", "1", "zR", ZR("0x03"), ""), ".long f,32", true },
		{ CIE("c", "1", "zR", ZR("0x0b"), ""), ".long f,32", true },
		{ CIE("c", "1", "zR", ZR("0x04"), ""), ".quad f,32", true },
		{ CIE("c", "1", "zR", ZR("0x0c"), ""), ".quad f,32", true },
		{ CIE("c", "1", "zR", ZR("0x1c"), ""), ".quad f-.,32", true },
		{ CIE("c", "1", "zR", ZR("0x10"), ""), ".quad f-.,32", true },
		{ CIE("c", "1", "zR", ZR("0x1a"), ""), ".short f-.,32", true },
		{ CIE("c", "1", "zR", ZR("0x12"), ""), ".short f-.,32", false }, /* unsigned */
		{ CIE("c", "1", "zR", ZR("0x23"), ""), ".long f,32", false },	 /* textrel */
		{ CIE("c", "1", "zR", ZR("0x33"), ""), ".long f,32", false },	 /* datarel */
		{ CIE("c", "1", "zR", ZR("0x43"), ""), ".long f,32", false },	 /* funcrel */
		{ CIE("c", "1", "zR", ZR("0x50"), ""), ".quad f,32", false },	 /* aligned */
		{ CIE("c", "1", "zR", ZR("0x83"), ""), ".long f,32", false },	 /* indirect */
		{ CIE("c", "1", "zR", ZR("0x01"), ""), ".byte 1,2,3,4", false }, /* LEB128 */
		{ CIE("c", "1", "zR", ZR("0xff"), ""), "", false },		 /* omitted */
		{ CIE("c", "1", "zR", ZR("0x0b"), ""), ".long f,0", false },
		{ CIE("c", "1", "zR", ZR("0x0b"), ""), ".long f,-1", false },
		{ CIE("c", "1", "zR", ZR("0x00"), ""), ".quad f,0x7fffffffffff", false },
		{ CIE("c", "1", "zR", ZR("0x00"), ""), ".quad 0xffffffffffff0000,32", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_usable(*state, cases[i].cie, cases[i].address, cases[i].usable);
}

static void test_common_entries(void **state)
{
	static const struct {
		const char *cie;
		bool usable;
	} cases[] = {
		{ CIE("c", "3", "zR", ZR("0x1b"), ""), true },
		{ CIE("c", "4", "zR\\0\\010", ZR("0x1b"), ""), true }, /* sizes: 8, 0 */
		{ CIE("c", "4", "zR\\0\\004", ZR("0x1b"), ""), false },
		{ CIE("c", "2", "zR", ZR("0x1b"), ""), false },
		{ CIE("c", "1", "zPLR", ".uleb128 7\n.byte 0x9b,1,2,3,4,0x1b,0x1b", ""), true },
		{ CIE("c", "1", "zRPL", ".uleb128 11\n.byte 0x1b,0,1,2,3,4,5,6,7,8,0x1b", ""),
		  true },
		{ CIE("c", "1", "zPR", ".uleb128 10\n.byte 0x50,1,2,3,4,5,6,7,8,0x1b", ""), false },
		{ CIE("c", "1", "zRR", ZR("0x1b"), ""), false },
		{ CIE("c", "1", "zRX", ".uleb128 2\n.byte 0x1b,0", ""), false },
		{ CIE("c", "1", "zR", ".uleb128 99\n.byte 0x1b", ""), false },
		{ CIE("c", "1", "eh", ".quad 0", ""), false },
		{ CIE("c", "1", "zR", ZR("0x1b"), ".byte 0x0b"), false },    /* restore_state */
		{ CIE("c", "1", "zR", ZR("0x1b"), ".byte 0x41"), false },    /* advance_loc */
		{ CIE("c", "1", "zR", ZR("0x1b"), ".byte 0xc6"), false },    /* restore */
		{ CIE("c", "1", "zR", ZR("0x1b"), ".byte 0x2d"), false },    /* not of x86 */
		{ CIE("c", "1", "zR", ZR("0x1b"), ".fill 400,1,0"), true },  /* nop */
		{ CIE("c", "1", "zR", ZR("0x1b"), ".fill 600,1,0"), false }, /* too long */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_usable(*state, cases[i].cie, ".long f-.,32", cases[i].usable);
}

static const char two_functions[] =
	FUNCTION("f", "", ".cfi_def_cfa_offset 16", "", ".cfi_def_cfa_offset 8") "nop\n" FUNCTION(
		"g", ".cfi_def_cfa rbp,16\n.cfi_offset rbp,-16", "", "", "");

static void assert_two_functions(struct unwind *unwind)
{
	unwind_assert(unwind, "f", 0, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "f", 1, RULE(SP, 16, SAME, 0));
	unwind_assert(unwind, "f", 4, NO_RULE);
	unwind_assert(unwind, "g", 3, RULE(FP, 16, AT_CFA, -16));
	unwind_free(unwind);
}

static void test_debug_frame(void **state)
{
	char source[1024];

	snprintf(source, sizeof(source), ".cfi_sections .debug_frame\n%s", two_functions);
	assert_two_functions(unwind_assembled(*state, source, "-no-pie"));
	assert_two_functions(
		unwind_assembled(*state, source, "-no-pie -Wl,--compress-debug-sections=zlib"));
	/* An .eh_frame without an entry, as static musl programs have it. */
	strcat(source, ".section .eh_frame,\"a\",@progbits\n.long 0\n");
	assert_two_functions(unwind_assembled(*state, source, "-no-pie"));
}

/* As the runtime does: by .eh_frame_hdr alone. */
static void test_no_section_headers(void **state)
{
	struct unwind *whole = unwind_assembled(*state, two_functions, "-Wl,--eh-frame-hdr");
	struct unwind *bare;
	size_t size;
	uint8_t *bytes = fixture_read(*state, "code", &size);
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;

	header->e_shoff = 0;
	header->e_shnum = 0;
	header->e_shstrndx = 0;
	bare = unwind_of_image(bytes, size);
	assert_int_equal(bare->err, 0);
	assert_int_equal(bare->table->text_start, whole->table->text_start);
	assert_int_equal(bare->table->word_count, whole->table->word_count);
	assert_memory_equal(bare->table->words, whole->table->words, 4 * whole->table->word_count);
	unwind_free(bare);
	free(bytes);
	assert_two_functions(whole);
}

static void test_no_information(void **state)
{
	struct unwind *unwind = unwind_assembled(*state, "f: nop\n", "");

	assert_int_equal(unwind->err, -ENODATA);
	unwind_free(unwind);
	/* Of data, not of code. */
	unwind = unwind_raw(*state,
			    CODE(CIE("c", "1", "zR", ZR("0x1b"), "")
					 FDE("c", ".long d-.,8\n.byte 0")) ".data\nd: .quad 0\n",
			    "");
	assert_int_equal(unwind->err, -ENODATA);
	unwind_free(unwind);
}

/* Code is what an executable segment has in the file. */
static void test_end_of_segment(void **state)
{
	struct unwind *unwind = unwind_raw(
		*state,
		CODE(CIE("c", "1", "zR", ZR("0x1b"), "") FDE("c", ".long f-.,0x40000000\n.byte 0")),
		"");

	unwind_assert(unwind, "f", 63, RULE(SP, 8, SAME, 0));
	unwind_assert(unwind, "f", 64, NO_RULE);
	assert_int_equal(unwind->table->granules, 1);
	unwind_free(unwind);
}

static void test_too_much_text(void **state)
{
	struct unwind *unwind = unwind_raw(
		*state,
		CODE(CIE("c", "1", "zR", ZR("0x00"), "") FDE("c", ".quad f,8\n.byte 0") FDE(
			"c", ".quad g,8\n.byte 0")) ".section .far,\"ax\",@progbits\ng: .quad 0\n",
		"-no-pie -Wl,--section-start=.far=0x200000000");

	assert_int_equal(unwind->err, -E2BIG);
	unwind_free(unwind);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_overlaps),	   CASE(test_set_location),   CASE(test_encodings),
		CASE(test_common_entries), CASE(test_debug_frame),    CASE(test_no_section_headers),
		CASE(test_no_information), CASE(test_end_of_segment), CASE(test_too_much_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
