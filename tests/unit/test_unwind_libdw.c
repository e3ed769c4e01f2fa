/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind/table against libdw, row by row over all text of real files. */
#include <gelf.h>
#include <sys/auxv.h>

#include "unwind_libdw.h"

struct walked {
	size_t rows;
	size_t gap_bytes; /* since the last row */
	uint64_t entry;	  /* of the program; code there has no caller if it has no row */
	bool entered;	  /* in the gap that holds it */
	size_t by_cfa[WIRE_CFA_SIGNAL + 1];
};

static void assert_rule(struct unwind *unwind, uint64_t address, const struct wire_rule *wanted)
{
	const struct wire_rule *rule = unwind_at(unwind, address);

	if (memcmp(rule, wanted, sizeof(*wanted)))
		fail_msg("at 0x%lx: cfa %d %+d, rbp %d %+d instead of cfa %d %+d, rbp %d %+d",
			 address, rule->cfa, rule->cfa_offset, rule->fp, rule->fp_offset,
			 wanted->cfa, wanted->cfa_offset, wanted->fp, wanted->fp_offset);
}

/* Compares at the row's first and last byte and in between; returns where the next one begins. */
static uint64_t walk_row(struct unwind *unwind, Dwarf_CFI *cfi, uint64_t address, uint64_t end,
			 struct walked *walked)
{
	struct wire_rule wanted = NO_RULE;
	/* Each byte of a gap; but some segments have all the constants, too. */
	Dwarf_Addr row_end = address + (walked->gap_bytes++ < 64 ? 1 : 61);
	Dwarf_Frame *frame = NULL;
	bool signal = false;

	if (!dwarf_cfi_addrframe(cfi, address, &frame)) {
		assert_int_equal(dwarf_frame_info(frame, NULL, &row_end, &signal), RIP);
		wanted = rule_of(frame, signal);
		walked->gap_bytes = 0;
		walked->entered = false;
		walked->rows++;
		walked->by_cfa[wanted.cfa]++;
	}
	if (row_end > end)
		row_end = end;
	if (!frame && address < walked->entry && row_end > walked->entry)
		row_end = walked->entry;
	if (!frame && address == walked->entry)
		walked->entered = true;
	if (walked->entered)
		wanted.cfa = WIRE_CFA_OUTERMOST;
	assert_true(row_end > address);
	assert_rule(unwind, address, &wanted);
	if (!frame)
		return row_end;
	assert_rule(unwind, address + (row_end - address) / 2, &wanted);
	assert_rule(unwind, row_end - 1, &wanted);
	free(frame);
	return row_end;
}

static struct walked walk_text(struct unwind *unwind, Dwarf_CFI *cfi)
{
	Elf *elf = elf_file_elf(unwind->file);
	struct walked walked = { 0 };
	GElf_Phdr segment;
	GElf_Ehdr header;

	assert_non_null(gelf_getehdr(elf, &header));
	walked.entry = header.e_entry ? header.e_entry : UINT64_MAX;
	for (int i = 0; gelf_getphdr(elf, i, &segment); i++) {
		uint64_t end = segment.p_vaddr + segment.p_filesz;

		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
			continue;
		for (uint64_t address = segment.p_vaddr; address < end;)
			address = walk_row(unwind, cfi, address, end, &walked);
		assert_rule(unwind, end, &NO_RULE);
	}
	return walked;
}

/* Frees `unwind`. */
static struct walked compare(struct unwind *unwind)
{
	Dwarf_CFI *cfi = dwarf_getcfi_elf(elf_file_elf(unwind->file));
	struct walked walked;

	assert_non_null(cfi);
	walked = walk_text(unwind, cfi);
	assert_true(walked.rows > 0);
	dwarf_cfi_end(cfi);
	unwind_free(unwind);
	return walked;
}

static void test_libc(void **state)
{
	struct walked walked = compare(unwind_of_path(loaded("/libc.so.6").path));

	(void)state;
	assert_true(walked.rows > 10000);
	assert_true(walked.by_cfa[WIRE_CFA_SIGNAL] >= 1);
	assert_true(walked.by_cfa[WIRE_CFA_OUTERMOST] >= 1);
	assert_true(walked.by_cfa[WIRE_CFA_FP] >= 1);
}

static void test_libraries(void **state)
{
	static const char *const names[] = { "/ld-linux", "/libdw.so", "/libelf.so", "/libcmocka" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		compare(unwind_of_path(loaded(names[i]).path));
}

static void test_programs(void **state)
{
	static const char *const flags[] = {
		"-O2 -pie -fPIE",
		"-O0 -no-pie",
		"-O2 -static",
		"-O2 -mavx2 -fcf-protection=none -Wl,-z,lazy -no-pie",
		"-O2 -Wl,-z,separate-code -Wl,-z,ibtplt",
	};
	struct fixture *fixture = *state;

	fixture_text(
		fixture, "p.c",
		"#include <stdalign.h>\n#include <stdio.h>\n#include <string.h>\n"
		"void fill(char *p) { memset(p, 1, 64); puts(p); }\n"
		"int aligned(int n) { alignas(64) char a[64]; char b[n + 1]; fill(a); fill(b);\n"
		"\treturn a[n] + b[0]; }\n"
		"int main(int n, char **v) { (void)v; return aligned(n + 63); }\n");
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		struct walked walked;

		fixture_run(fixture, "gcc %s -o p p.c", flags[i]);
		walked = compare(unwind_of_path(fixture_path(fixture, "p")));
		if (strstr(flags[i], "lazy"))
			assert_true(walked.by_cfa[WIRE_CFA_PLT] >= 1);
		assert_true(walked.by_cfa[WIRE_CFA_OUTERMOST] >= 1);
	}
}

/* What gcc makes of an aligned array and a variable one: the CFA is kept below rbp. */
static void test_realigned(void **state)
{
	struct fixture *fixture = *state;
	struct walked walked;

	fixture_text(fixture, "r.c",
		     "void use(void *, void *);\n"
		     "int f(int n) { char a[32] __attribute__((aligned(64))); char b[n];\n"
		     "\tuse(a, b); return b[0]; }\n");
	fixture_run(fixture, "gcc -O1 -shared -fPIC -nostdlib -mno-accumulate-outgoing-args "
			     "-mincoming-stack-boundary=3 -mstackrealign -o r.so r.c");
	walked = compare(unwind_of_path(fixture_path(fixture, "r.so")));
	assert_true(walked.by_cfa[WIRE_CFA_AT_FP] >= 1);
	assert_true(walked.by_cfa[WIRE_CFA_UNSUPPORTED] >= 1); /* while r10 has it */
}

static void test_vdso(void **state)
{
	const Elf64_Ehdr *image = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);

	(void)state;
	assert_non_null(image);
	compare(unwind_of_image(image, image->e_shoff + image->e_shnum * image->e_shentsize));
}

/* Big files of this machine, as far as it has them: the same again, in quantity. */
static void test_large(void **state)
{
	static const char *const paths[] = {
		"/usr/bin/python3",
		"/usr/bin/gdb",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
		"/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
		"/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1",
	};
	size_t compared = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (access(paths[i], R_OK))
			continue;
		print_message("%s: %zu rows\n", paths[i], compare(unwind_of_path(paths[i])).rows);
		compared++;
	}
	assert_true(compared > 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_libc),      CASE(test_libraries), CASE(test_programs),
		CASE(test_realigned), CASE(test_vdso),	    CASE(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
