/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the formats in which compilers name code that is in no file. Knows
 * nothing of processes and of where such files are.
 */
#include "symbols/jit_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/ranges.h"
#include "util/array.h"

/* Far beyond what a compiler makes; it bounds what a file made for it can take. */
#define MAX_FUNCTIONS 2000000

struct jit_table {
	struct range_table ranges; /* of functions, as indexes into `names`, ranked by them */
	const char **names;	   /* in `files` */
	size_t name_count;
	char **files;
	size_t file_count;
};

struct jit_table *jit_table_new(void)
{
	return calloc(1, sizeof(struct jit_table));
}

void jit_table_free(struct jit_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->file_count; i++)
		free(table->files[i]);
	free(table->files);
	free(table->names);
	range_table_clear(&table->ranges);
	free(table);
}

static int keep_file(struct jit_table *table, char *bytes)
{
	char **kept = array_add(&table->files, &table->file_count, sizeof(*kept));

	if (!kept) {
		free(bytes);
		return -ENOMEM;
	}
	*kept = bytes;
	return 0;
}

static int add_function(struct jit_table *table, uint64_t start, uint64_t size, const char *name)
{
	const char **added;

	if (!*name || !size || size > UINT64_MAX - start || table->name_count == MAX_FUNCTIONS)
		return 0;
	added = array_add(&table->names, &table->name_count, sizeof(*added));
	if (!added)
		return -ENOMEM;
	*added = name;
	return range_table_add(&table->ranges, start, start + size, table->name_count,
			       table->name_count - 1);
}

/* ---- perf-PID.map ------------------------------------------------------------------- */

/* A hexadecimal number and the blanks after it; strtoull would also take signs and line ends. */
static bool take_number(char **text, uint64_t *number)
{
	char *end;

	if (!isxdigit((unsigned char)**text))
		return false;
	errno = 0;
	*number = strtoull(*text, &end, 16);
	if (errno || *end != ' ')
		return false;
	*text = end + strspn(end, " ");
	return true;
}

int jit_table_add_map(struct jit_table *table, char *bytes, size_t size)
{
	char *end = bytes + size, *line = bytes;
	int err = keep_file(table, bytes);

	while (!err && line < end) {
		char *newline = memchr(line, '\n', end - line), *next;
		uint64_t start, length;

		next = newline ? newline + 1 : end;
		if (newline)
			*newline = '\0';
		if (take_number(&line, &start) && take_number(&line, &length)) {
			line[strcspn(line, "\r")] = '\0';
			err = add_function(table, start, length, line);
		}
		line = next;
	}
	return err;
}

/* ---- jit-PID.dump --------------------------------------------------------------------- */

#define DUMP_MAGIC 0x4a695444 /* "JiTD" */

struct dump_header {
	uint32_t magic;
	uint32_t version;
	uint32_t size; /* of the header */
	uint32_t machine;
	uint32_t padding;
	uint32_t pid;
	uint64_t time;
	uint64_t flags;
};

enum dump_record_type {
	DUMP_CODE_LOAD = 0,
};

struct dump_record {
	uint32_t type;
	uint32_t size; /* with this */
	uint64_t time;
};

/* After the record's head; before the name and the code. */
struct dump_code {
	uint32_t pid;
	uint32_t tid;
	uint64_t virtual_address;
	uint64_t address;
	uint64_t size;
	uint64_t index;
};

static int add_code(struct jit_table *table, const char *bytes, size_t size)
{
	struct dump_code code;
	const char *name = bytes + sizeof(code);

	if (size < sizeof(code) || !memchr(name, '\0', size - sizeof(code)))
		return 0;
	memcpy(&code, bytes, sizeof(code));
	return add_function(table, code.address, code.size, name);
}

int jit_table_add_dump(struct jit_table *table, char *bytes, size_t size)
{
	struct dump_header header = { .magic = 0 };
	struct dump_record record;
	size_t at;
	int err = keep_file(table, bytes);

	if (err || size < sizeof(header))
		return err;
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != DUMP_MAGIC || header.size < sizeof(header))
		return 0;
	for (at = header.size; !err && at <= size && size - at >= sizeof(record);
	     at += record.size) {
		memcpy(&record, bytes + at, sizeof(record));
		/* The last one may be half written. */
		if (record.size < sizeof(record) || record.size > size - at)
			break;
		if (record.type == DUMP_CODE_LOAD)
			err = add_code(table, bytes + at + sizeof(record),
				       record.size - sizeof(record));
	}
	return err;
}

/* ---- look-up ---------------------------------------------------------------------------- */

void jit_table_sort(struct jit_table *table)
{
	range_table_sort(&table->ranges);
}

int jit_table_find(const struct jit_table *table, uint64_t address, struct jit_function *function)
{
	const struct range *range = range_table_find(&table->ranges, address);

	if (!range)
		return -ENOENT;
	function->name = table->names[range->value];
	function->start = range->low;
	return 0;
}
