/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the table of thread functions, and finds listed functions in files. */
#include "trace/functions.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf_file.h"
#include "trace/resource_file.h"
#include "util/array.h"
#include "util/demangle.h"

#define NONE WIRE_NO_ARG
#define NO_SIZES (NONE | NONE << 4)

/*
 * pthread_create stores the handle; a thread may be detached from its start by its
 * attributes, the second argument: a bit in glibc's struct pthread_attr (nptl/
 * internaltypes.h: flags, ATTR_FLAG_DETACHSTATE), an int in musl's (pthread_impl.h:
 * _a_detach).
 */
#define CREATE(detached)                                                                           \
	{                                                                                          \
		.op = WIRE_ACQUIRE_OUT, .kind = WIRE_THREAD, .size_args = NO_SIZES, .id_arg = 0,   \
		.flags = WIRE_SIZE_OF_MAPPING, .when = WIRE_WHEN_ZERO, .skip_arg = 1,              \
		.skip_offset = (detached)                                                          \
	}
#define END(what)                                                                                  \
	{                                                                                          \
		.op = WIRE_RELEASE_IF, .kind = WIRE_THREAD, .size_args = NO_SIZES, .id_arg = 0,    \
		.flags = (what), .when = WIRE_WHEN_ZERO, .skip_arg = NONE                          \
	}

#define ROW(symbol, what)                                                                          \
	{                                                                                          \
		.name = (symbol), .probe = what                                                    \
	}
#define ROW_OF_LIBC(symbol, what)                                                                  \
	{                                                                                          \
		.name = (symbol), .probe = what, .in_libc = true                                   \
	}
#define ROW_OF_MUSL(symbol, what)                                                                  \
	{                                                                                          \
		.name = (symbol), .probe = what, .in_musl = true                                   \
	}

/* thrd_create of both libraries is pthread_create inside. */
static const struct function_row thread_rows[] = {
	ROW_OF_MUSL("pthread_create", CREATE(24)),
	ROW("pthread_create", CREATE(8)),
	ROW("pthread_join", END(WIRE_JOINS)),
	ROW("pthread_tryjoin_np", END(WIRE_JOINS)),
	ROW("pthread_timedjoin_np", END(WIRE_JOINS)),
	ROW("pthread_clockjoin_np", END(WIRE_JOINS)),
	ROW("pthread_detach", END(0)),
	ROW("thrd_join", END(WIRE_JOINS)),
	ROW("thrd_detach", END(0)),
};

#define LAST(operation)                                                                            \
	{                                                                                          \
		.op = (operation), .kind = WIRE_NO_KIND, .size_args = NO_SIZES, .id_arg = NONE,    \
		.skip_arg = NONE                                                                   \
	}

static const struct function_row last_rows[] = {
	ROW_OF_LIBC("exit", LAST(WIRE_LEAVE)),
	ROW_OF_LIBC("quick_exit", LAST(WIRE_LEAVE)),
	ROW_OF_LIBC("_exit", LAST(WIRE_END)),
	ROW_OF_LIBC("_Exit", LAST(WIRE_END)),
};

static int add_row(struct function_list *list, const struct function_row *row)
{
	struct function_row *slot = array_add(&list->rows, &list->count, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	*slot = *row;
	return 0;
}

static int add_rows(struct function_list *list, const struct function_row *rows, size_t count)
{
	int error = 0;

	for (size_t i = 0; !error && i < count; i++)
		error = add_row(list, &rows[i]);
	return error;
}

int functions_add_threads(struct function_list *list)
{
	return add_rows(list, thread_rows, sizeof(thread_rows) / sizeof(*thread_rows));
}

int functions_add_last(struct function_list *list)
{
	return add_rows(list, last_rows, sizeof(last_rows) / sizeof(*last_rows));
}

int functions_add_calls(struct function_list *list, const char *const *names, size_t count)
{
	int error = count > WIRE_CALLS_MAX ? -E2BIG : 0;

	for (size_t i = 0; !error && i < count; i++) {
		const struct function_row row = {
			.name = names[i],
			.probe = {
				.op = WIRE_CALL,
				.kind = WIRE_NO_KIND,
				.size_args = NO_SIZES,
				.id_arg = (uint8_t)i,
				.skip_arg = NONE,
			},
			.is_source_name = true,
		};

		error = add_row(list, &row);
	}
	return error;
}

static uint8_t op_of(const struct resource_function *function)
{
	static const uint8_t acquiring[] = {
		[HANDLE_RETURNED] = WIRE_ACQUIRE,
		[HANDLE_ARGUMENT] = WIRE_ACQUIRE_ARG,
		[HANDLE_STORED] = WIRE_ACQUIRE_OUT,
	};

	switch (function->op) {
	case RESOURCE_RELEASE:
		return function->when == RESOURCE_ANY ? WIRE_RELEASE : WIRE_RELEASE_IF;
	case RESOURCE_RESIZE:
		return WIRE_RESIZE;
	default:
		return acquiring[function->handle];
	}
}

static uint8_t when_of(enum resource_when when)
{
	static const uint8_t whens[] = {
		[RESOURCE_NONZERO] = WIRE_WHEN_NONZERO,
		[RESOURCE_ZERO] = WIRE_WHEN_ZERO,
		[RESOURCE_NONNEGATIVE] = WIRE_WHEN_NONNEGATIVE,
		[RESOURCE_POSITIVE] = WIRE_WHEN_POSITIVE,
		[RESOURCE_NOT_MINUS_ONE] = WIRE_WHEN_NOT_MINUS_ONE,
		[RESOURCE_ANY] = WIRE_WHEN_ANY,
	};

	return whens[when];
}

int functions_add_resources(struct function_list *list, const struct resource_kinds *kinds,
			    unsigned first_kind)
{
	int error = 0;

	for (size_t i = 0; !error && i < kinds->function_count; i++) {
		const struct resource_function *function = &kinds->functions[i];
		const struct resource_kind *kind = &kinds->kinds[function->kind];
		struct function_row row = {
			.name = function->name,
			.probe = {
				.op = op_of(function),
				.kind = first_kind + function->kind,
				.size_args = function->size_arg | function->count_arg << 4,
				.id_arg = function->handle_arg,
				.when = when_of(function->when),
				.skip_arg = NONE,
			},
			.objects = kind->objects,
			.object_count = kind->object_count,
		};

		error = add_row(list, &row);
	}
	return error;
}

void functions_clear(struct function_list *list)
{
	free(list->rows);
	*list = (struct function_list){ 0 };
}

struct search {
	struct elf_file *file;
	struct function_list *list;
	const char *file_name;
	struct probe_plan *plan;
	bool is_musl;
	bool is_libc;
	int error;
};

static bool is_of_object(const struct function_row *row, const char *file_name)
{
	for (size_t i = 0; i < row->object_count; i++)
		if (!fnmatch(row->objects[i], file_name, 0))
			return true;
	return !row->object_count;
}

/* A static program may have musl's threads and no allocator: then a function of them tells. */
static int is_of_musl(const struct elf_symbol *symbol, void *context)
{
	(void)context;
	return !strcmp(symbol->name, "__init_tp");
}

/* Others may have an `exit` of their own. Both glibc and musl begin a program by this. */
static int is_of_libc(const struct elf_symbol *symbol, void *context)
{
	(void)context;
	return !strcmp(symbol->name, "__libc_start_main");
}

/* A name may be there twice, and a function under several names. */
static bool is_planned(const struct probe_plan *plan, const struct function_row *row,
		       uint64_t address)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->sites[i].address == address &&
		    plan->sites[i].probe.kind == row->probe.kind &&
		    (row->probe.op != WIRE_CALL ||
		     (plan->sites[i].probe.op == WIRE_CALL &&
		      plan->sites[i].probe.id_arg == row->probe.id_arg)))
			return true;
	return false;
}

/* "app::read" for "app::read(int)", of a mangled symbol that has its last part somewhere. */
static bool is_source_name_of(const char *name, const char *symbol)
{
	const char *colons = strrchr(name, ':'), *part = colons ? colons + 1 : name;
	size_t length = strcspn(part, "("), whole = strlen(name);
	char *last, *demangled;
	bool is_it;

	if (!symbol_is_mangled(symbol))
		return false;
	last = strndup(part, length);
	demangled = last && strstr(symbol, last) ? symbol_demangle(symbol) : NULL;
	is_it = demangled && !strncmp(demangled, name, whole) &&
		(!demangled[whole] || demangled[whole] == '(');
	free(demangled);
	free(last);
	return is_it;
}

static bool is_named(const struct function_row *row, const struct elf_symbol *symbol)
{
	return !strcmp(row->name, symbol->name) ||
	       (row->is_source_name && is_source_name_of(row->name, symbol->name));
}

static int visit_symbol(const struct elf_symbol *symbol, void *context)
{
	struct search *search = context;
	uint64_t start, size;

	if (symbol->type != STT_FUNC && symbol->type != STT_NOTYPE)
		return 0;
	for (size_t i = 0; i < search->list->count && !search->error; i++) {
		const struct function_row *row = &search->list->rows[i];

		if (!is_named(row, symbol) || !is_of_object(row, search->file_name) ||
		    (row->in_musl && !search->is_musl) || (row->in_libc && !search->is_libc) ||
		    is_planned(search->plan, row, symbol->address) ||
		    !elf_file_code(search->file, symbol->address, &start, &size))
			continue;
		if (row->probe.kind != WIRE_NO_KIND)
			search->list->found[row->probe.kind] = true;
		else if (row->probe.op == WIRE_CALL)
			search->list->calls_found[row->probe.id_arg] = true;
		search->error = probe_plan_add(search->plan, &row->probe, "", row->name,
					       symbol->address, symbol->size);
	}
	return search->error;
}

int functions_choose(struct elf_file *file, const char *path, struct function_list *list,
		     struct probe_plan *plan)
{
	const char *slash = strrchr(path, '/');
	struct search search = {
		.file = file,
		.list = list,
		.file_name = slash ? slash + 1 : path,
		.plan = plan,
	};

	if (!list || !list->count)
		return 0;
	search.is_musl = (plan->allocator && !strcmp(plan->allocator, "musl")) ||
			 elf_file_each_symbol(file, is_of_musl, NULL);
	search.is_libc = elf_file_each_symbol(file, is_of_libc, NULL);
	elf_file_each_symbol(file, visit_symbol, &search);
	return search.error;
}
