/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of probe plans share: a file with its plan, and what must be true of it. */
#ifndef LEAKTRACE_TESTS_PROBE_PLAN_H
#define LEAKTRACE_TESTS_PROBE_PLAN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "elf/elf_file.h"
#include "trace/allocators.h"

struct module {
	struct elf_file *file;
	struct probe_plan *plan;
};

static inline struct module open_placed(const char *path, const struct allocator_options *options,
					bool at_entry)
{
	struct module module = { .plan = probe_plan_new() };
	int err = elf_file_open(path, &module.file);

	if (err)
		fail_msg("%s: %s", path, strerror(-err));
	assert_non_null(module.plan);
	assert_int_equal(allocators_choose(module.file, options, module.plan), 0);
	assert_int_equal(probe_plan_place(module.plan, module.file, at_entry), 0);
	return module;
}

static inline struct module open_module(const char *path, const struct allocator_options *options)
{
	return open_placed(path, options, false);
}

static inline void close_module(struct module module)
{
	probe_plan_free(module.plan);
	elf_file_close(module.file);
}

static inline const struct probe_site *find(const struct probe_plan *plan, const char *function)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->sites[i].function, function) == 0)
			return &plan->sites[i];
	return NULL;
}

/* The plan has exactly the functions of a list that ends with NULL. */
static inline void assert_functions(const struct probe_plan *plan, const char *const *functions)
{
	size_t count = 0;

	for (; functions[count]; count++)
		if (!find(plan, functions[count]))
			fail_msg("%s is not in the plan", functions[count]);
	for (size_t i = 0; i < plan->count; i++) {
		size_t j = 0;

		while (functions[j] && strcmp(functions[j], plan->sites[i].function) != 0)
			j++;
		if (!functions[j])
			fail_msg("%s is in the plan", plan->sites[i].function);
	}
	assert_int_equal(plan->count, count);
}

#define ASSERT_FUNCTIONS(plan, ...)                                                                \
	assert_functions(plan, (const char *const[]){ __VA_ARGS__, NULL })

static inline void assert_empty(const struct probe_plan *plan)
{
	assert_int_equal(plan->count, 0);
	assert_null(plan->allocator);
}

/* True of every plan: sorted, each address once, the offset is that of the place. */
static inline void assert_sound(const struct module *module)
{
	for (size_t i = 0; i < module->plan->count; i++) {
		const struct probe_site *site = &module->plan->sites[i];

		assert_true(i == 0 || site[-1].address < site->address);
		assert_int_equal(elf_file_address_of(module->file, site->file_offset),
				 site->placement.address);
		assert_true(site->placement.address >= site->address);
		assert_int_equal(site->placement.emulated,
				 site->placement.reason == PLACE_EMULATED);
		assert_int_equal(site->probe.kind, WIRE_HEAP);
	}
}

static inline size_t count_emulated(const struct probe_plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->sites[i].placement.emulated;
	return count;
}

#endif
