/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf/elf_file against files made here, against libc, and against damage. */
#include <elf.h>
#include <errno.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "elf_fixture.h"

#include "elf/elf_file.h"

static const char program[] = "int counter = 1;\n"
			      "static int hidden(int x) { return x * counter; }\n"
			      "int shown(int x) { return hidden(x) + 1; }\n"
			      "int main(int n, char **v) { (void)v; return shown(n) - n - 1; }\n";

static struct elf_file *open_built(const struct fixture *fixture, const char *flags)
{
	struct elf_file *file;

	fixture_text(fixture, "program.c", program);
	fixture_run(fixture, "gcc -O0 %s -o program program.c", flags);
	assert_int_equal(elf_file_open(fixture_path(fixture, "program"), &file), 0);
	return file;
}

struct wanted {
	const char *name;
	struct elf_symbol found;
	unsigned int count;
};

static int match_symbol(const struct elf_symbol *symbol, void *context)
{
	struct wanted *wanted = context;

	if (strcmp(symbol->name, wanted->name))
		return 0;
	wanted->found = *symbol;
	wanted->count++;
	return 0;
}

static struct wanted find_symbol(struct elf_file *file, const char *name)
{
	struct wanted wanted = { .name = name };

	assert_int_equal(elf_file_each_symbol(file, match_symbol, &wanted), 0);
	return wanted;
}

static int stop_at_once(const struct elf_symbol *symbol, void *context)
{
	(void)symbol;
	++*(int *)context;
	return 42;
}

static void test_symbols(void **state)
{
	struct elf_file *file = open_built(*state, "");
	struct wanted shown = find_symbol(file, "shown"), hidden = find_symbol(file, "hidden");
	int calls = 0;

	assert_int_equal(shown.count, 1);
	assert_int_equal(shown.found.type, STT_FUNC);
	assert_int_equal(shown.found.binding, STB_GLOBAL);
	assert_true(shown.found.size > 0);
	assert_false(shown.found.dynamic);
	assert_int_equal(hidden.found.binding, STB_LOCAL);
	assert_int_equal(find_symbol(file, "counter").found.type, STT_OBJECT);
	/* Imported, so not defined here. */
	assert_int_equal(find_symbol(file, "__libc_start_main").count, 0);
	assert_int_equal(elf_file_each_symbol(file, stop_at_once, &calls), 42);
	assert_int_equal(calls, 1);
	elf_file_close(file);
}

static void test_library(void **state)
{
	struct elf_file *file = open_built(*state, "-shared -fPIC");

	/* In .symtab and in .dynsym. */
	assert_int_equal(find_symbol(file, "shown").count, 2);
	assert_int_equal(find_symbol(file, "hidden").count, 1);
	assert_null(elf_file_interpreter(file));
	assert_true(elf_file_is_dynamic(file));
	elf_file_close(file);
	file = open_built(*state, "-shared -fPIC -s");
	assert_int_equal(find_symbol(file, "shown").count, 1);
	assert_true(find_symbol(file, "shown").found.dynamic);
	assert_int_equal(find_symbol(file, "hidden").count, 0);
	elf_file_close(file);
}

static void test_version_suffix(void **state)
{
	struct fixture *fixture = *state;
	struct elf_file *file;

	fixture_text(fixture, "v.c",
		     "int old_api(void) { return 1; }\nint new_api(void) { return 2; }\n"
		     "__asm__(\".symver old_api,api@V_1\");\n"
		     "__asm__(\".symver new_api,api@@V_2\");\n");
	fixture_text(fixture, "v.map", "V_1 { global: api; local: *; };\nV_2 {} V_1;\n");
	fixture_run(fixture, "gcc -shared -fPIC -Wl,--version-script=v.map -o v.so v.c");
	assert_int_equal(elf_file_open(fixture_path(fixture, "v.so"), &file), 0);
	/* Two versions, each in both tables. */
	assert_int_equal(find_symbol(file, "api").count, 4);
	assert_int_equal(find_symbol(file, "api@V_1").count, 0);
	elf_file_close(file);
}

static int collect_needed(const char *soname, void *context)
{
	strcat(context, soname);
	strcat(context, " ");
	return 0;
}

static void test_dynamic(void **state)
{
	struct elf_file *file = open_built(*state, "-pie -fPIE -Wl,--no-as-needed -lm "
						   "-Wl,-rpath,'$ORIGIN/lib:/opt/lib'");
	char needed[256] = "";

	assert_string_equal(elf_file_interpreter(file), "/lib64/ld-linux-x86-64.so.2");
	assert_true(elf_file_is_dynamic(file));
	assert_int_equal(elf_file_each_needed(file, collect_needed, needed), 0);
	assert_string_equal(needed, "libm.so.6 libc.so.6 ");
	assert_string_equal(elf_file_runpath(file), "$ORIGIN/lib:/opt/lib");
	elf_file_close(file);
	file = open_built(*state, "-Wl,--disable-new-dtags,-rpath,/old");
	assert_string_equal(elf_file_runpath(file), "/old");
	elf_file_close(file);
}

static void test_static(void **state)
{
	struct elf_file *file = open_built(*state, "-static");

	assert_null(elf_file_interpreter(file));
	assert_false(elf_file_is_dynamic(file));
	assert_null(elf_file_runpath(file));
	assert_int_equal(elf_file_each_needed(file, collect_needed, NULL), 0);
	assert_true(find_symbol(file, "malloc").count >= 1);
	elf_file_close(file);
}

static void test_build_id(void **state)
{
	struct elf_file *file =
		open_built(*state, "-Wl,--build-id=0x00112233445566778899aAbBcCdDeEfF");

	assert_string_equal(elf_file_build_id(file), "00112233445566778899aabbccddeeff");
	assert_string_equal(elf_file_build_id(file), "00112233445566778899aabbccddeeff");
	elf_file_close(file);
	file = open_built(*state, "-Wl,--build-id=none");
	assert_null(elf_file_build_id(file));
	elf_file_close(file);
}

static void test_addresses(void **state)
{
	struct elf_file *file = open_built(*state, "-no-pie");
	uint64_t address = find_symbol(file, "shown").found.address;
	uint64_t offset = elf_file_offset_of(file, address), start = 0, size = 0;
	size_t file_size;
	uint8_t *bytes = fixture_read(*state, "program", &file_size);
	const uint8_t *code = elf_file_code(file, address, &start, &size);

	assert_true(offset < file_size);
	assert_true(offset != address);
	assert_int_equal(elf_file_address_of(file, offset), address);
	assert_non_null(code);
	assert_true(start <= address && address - start < size);
	assert_memory_equal(code + (address - start), bytes + offset, 8);
	assert_null(elf_file_code(file, find_symbol(file, "counter").found.address, &start, &size));
	assert_int_equal(elf_file_offset_of(file, 8), UINT64_MAX);
	assert_int_equal(elf_file_address_of(file, file_size), UINT64_MAX);
	assert_int_equal(elf_file_address_of(file, UINT64_MAX), UINT64_MAX);
	free(bytes);
	elf_file_close(file);
}

/* Two segments side by side, as lld lays them out: the second one's page begins in the first. */
static void test_shared_page(void **state)
{
	const struct fixture *fixture = *state;
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segments[2];
		uint8_t rest[0x3000];
	} *image = calloc(1, sizeof(*image));
	struct elf_file *file;

	assert_non_null(image);
	memcpy(image->head.e_ident, ELFMAG, SELFMAG);
	image->head.e_ident[EI_CLASS] = ELFCLASS64;
	image->head.e_ident[EI_DATA] = ELFDATA2LSB;
	image->head.e_ident[EI_VERSION] = EV_CURRENT;
	image->head.e_type = ET_DYN;
	image->head.e_machine = EM_X86_64;
	image->head.e_version = EV_CURRENT;
	image->head.e_ehsize = sizeof(image->head);
	image->head.e_phoff = sizeof(image->head);
	image->head.e_phentsize = sizeof(image->segments[0]);
	image->head.e_phnum = 2;
	image->segments[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x1234, .p_memsz = 0x1234
	};
	image->segments[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
					   .p_flags = PF_R | PF_X,
					   .p_offset = 0x1234,
					   .p_vaddr = 0x2234,
					   .p_filesz = 0x1000,
					   .p_memsz = 0x1000 };
	fixture_write(fixture, "side", image, sizeof(*image));
	assert_int_equal(elf_file_open(fixture_path(fixture, "side"), &file), 0);
	assert_int_equal(elf_file_address_of(file, 0x800), 0x800);
	/* Where the mapping of the code begins. */
	assert_int_equal(elf_file_address_of(file, 0x1000), 0x2000);
	assert_int_equal(elf_file_address_of(file, 0x1234), 0x2234);
	assert_int_equal(elf_file_address_of(file, 0x2233), 0x3233);
	assert_int_equal(elf_file_address_of(file, 0x2234), UINT64_MAX);
	elf_file_close(file);
	free(image);
}

static void test_inode(void **state)
{
	struct elf_file *file = open_built(*state, "");
	struct stat status;

	assert_int_equal(stat(fixture_path(*state, "program"), &status), 0);
	assert_int_equal(elf_file_inode(file), status.st_ino);
	elf_file_close(file);
}

static void test_sections(void **state)
{
	struct fixture *fixture = *state;
	struct elf_file *file = open_built(fixture, "");

	assert_true(elf_file_has_section(file, ".text"));
	assert_false(elf_file_has_section(file, ".debug_info"));
	assert_false(elf_file_has_section(file, ".bss"));
	assert_false(elf_file_is_go(file));
	elf_file_close(file);
	fixture_run(fixture, "objcopy --add-section .go.buildinfo=program.c program marked");
	assert_int_equal(elf_file_open(fixture_path(fixture, "marked"), &file), 0);
	assert_true(elf_file_is_go(file));
	elf_file_close(file);
}

static void test_vdso(void **state)
{
	const Elf64_Ehdr *image = (const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	struct elf_file *file;

	(void)state;
	assert_non_null(image);
	assert_int_equal(elf_file_open_image(image,
					     image->e_shoff + image->e_shnum * image->e_shentsize,
					     &file),
			 0);
	assert_true(find_symbol(file, "__vdso_clock_gettime").count >= 1);
	assert_non_null(elf_file_build_id(file));
	assert_int_equal(elf_file_inode(file), 0);
	elf_file_close(file);
}

static void test_refused(void **state)
{
	struct fixture *fixture = *state;
	struct elf_file *file = NULL;
	size_t size;
	uint8_t *bytes;

	fixture_run(fixture, "mkfifo fifo && mkdir folder && : >empty && echo text >text");
	fixture_text(fixture, "magic", ELFMAG);
	assert_int_equal(elf_file_open(fixture_path(fixture, "missing"), &file), -ENOENT);
	assert_int_equal(elf_file_open(fixture_path(fixture, "fifo"), &file), -ENOEXEC);
	assert_int_equal(elf_file_open(fixture_path(fixture, "folder"), &file), -ENOEXEC);
	assert_int_equal(elf_file_open(fixture_path(fixture, "empty"), &file), -ENOEXEC);
	assert_int_equal(elf_file_open(fixture_path(fixture, "text"), &file), -ENOEXEC);
	assert_int_equal(elf_file_open(fixture_path(fixture, "magic"), &file), -ENOEXEC);
	assert_int_equal(elf_file_open("/dev/null", &file), -ENOEXEC);
	assert_null(file);

	elf_file_close(open_built(fixture, ""));
	bytes = fixture_read(fixture, "program", &size);
	bytes[EI_CLASS] = ELFCLASS32;
	fixture_write(fixture, "narrow", bytes, size);
	bytes[EI_CLASS] = ELFCLASS64;
	((Elf64_Ehdr *)bytes)->e_machine = EM_S390;
	fixture_write(fixture, "foreign", bytes, size);
	free(bytes);
	assert_int_equal(elf_file_open(fixture_path(fixture, "narrow"), &file), -EAFNOSUPPORT);
	assert_int_equal(elf_file_open(fixture_path(fixture, "foreign"), &file), -EAFNOSUPPORT);
}

/* ---- damage ------------------------------------------------------------------------ */

static int touch_symbol(const struct elf_symbol *symbol, void *context)
{
	*(uint64_t *)context += strlen(symbol->name) + symbol->address;
	return 0;
}

static int touch_needed(const char *soname, void *context)
{
	*(uint64_t *)context += strlen(soname);
	return 0;
}

static void touch_string(const char *text, uint64_t *sum)
{
	if (text)
		*sum += strlen(text);
}

/* Asks for everything; the answers do not matter, the reading does. */
static uint64_t ask_all(struct elf_file *file)
{
	uint64_t sum = 0, start, size;

	touch_string(elf_file_build_id(file), &sum);
	touch_string(elf_file_interpreter(file), &sum);
	touch_string(elf_file_runpath(file), &sum);
	elf_file_each_symbol(file, touch_symbol, &sum);
	elf_file_each_needed(file, touch_needed, &sum);
	sum += elf_file_is_go(file) + elf_file_is_dynamic(file);
	for (uint64_t offset = 0; offset < 0x5000; offset += 0x200) {
		uint64_t address = elf_file_address_of(file, offset);
		const uint8_t *code = elf_file_code(file, address, &start, &size);

		sum += elf_file_offset_of(file, address);
		if (code && size)
			sum += code[0] + code[size - 1];
	}
	return sum;
}

static volatile uint64_t sink;

/* From memory of just that size, so that the sanitizer sees a byte too many. */
static void ask_bytes(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size);
	struct elf_file *file;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	if (!elf_file_open_image(copy, size, &file)) {
		sink += ask_all(file);
		elf_file_close(file);
	}
	free(copy);
}

static void test_truncated(void **state)
{
	struct elf_file *file = open_built(*state, "-Wl,-rpath,/x");
	size_t size;
	uint8_t *bytes = fixture_read(*state, "program", &size);

	elf_file_close(file);
	for (size_t length = 1; length < size; length += length < 1024 ? 1 : 61)
		ask_bytes(bytes, length);
	fixture_write(*state, "cut", bytes, 5000);
	assert_int_equal(elf_file_open(fixture_path(*state, "cut"), &file), 0);
	sink += ask_all(file);
	elf_file_close(file);
	free(bytes);
}

static void test_damaged(void **state)
{
	struct elf_file *file = open_built(*state, "-Wl,-rpath,/x");
	size_t size;
	uint8_t *bytes = fixture_read(*state, "program", &size);
	uint8_t *copy = malloc(size);
	unsigned int seed = 1;

	assert_non_null(copy);
	elf_file_close(file);
	for (int round = 0; round < 3000; round++) {
		memcpy(copy, bytes, size);
		/* Half of it in the headers, where it matters most. */
		for (int i = 0; i < 8; i++)
			copy[rand_r(&seed) % (i % 2 ? size : 0x400)] = rand_r(&seed);
		for (int i = 0; i < 4; i++)
			copy[size - 1 - rand_r(&seed) % 0x800] = rand_r(&seed) % 2 ? 0xff : 0;
		memcpy(copy, bytes, EI_NIDENT);
		ask_bytes(copy, size);
	}
	for (size_t i = 0; i < size; i++)
		copy[i] = rand_r(&seed);
	ask_bytes(copy, size);
	memcpy(copy, bytes, 20);
	ask_bytes(copy, size);
	free(copy);
	free(bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_symbols),   CASE(test_library),     CASE(test_version_suffix),
		CASE(test_dynamic),   CASE(test_static),      CASE(test_build_id),
		CASE(test_addresses), CASE(test_shared_page), CASE(test_inode),
		CASE(test_sections),  CASE(test_vdso),	      CASE(test_refused),
		CASE(test_truncated), CASE(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
