/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyze/roles: whose a mapping is, by the functions under it. */
#include "fixture.h"

#include "analyze/roles.h"

static struct site *add(struct snapshot *snapshot, struct process *process, const char *inner,
			const char *outer)
{
	uint32_t stack = fixture_stack(snapshot, process,
				       FRAMES(FRAME("mmap64", 1, "/lib/libc.so.6"),
					      FRAME(inner, 2, "/lib/libc.so.6"),
					      FRAME(outer, 3, "/bin/demo")));
	struct site *site = fixture_site(process, stack, 1, 4096, 0);

	site->kind = KIND_MMAP;
	return site;
}

static void test_roles(void **state)
{
	static const struct {
		const char *inner;
		const char *outer;
		enum role role;
	} cases[] = {
		{ "sysmalloc", "main", ROLE_ALLOCATOR },
		{ "_int_malloc", "malloc", ROLE_ALLOCATOR },
		{ "allocate_stack", "pthread_create", ROLE_THREAD_STACK },
		{ "_dl_map_segments", "dlopen", ROLE_LINKER },
		/* The innermost decides: a linker's block is a block. */
		{ "malloc", "dl_open_worker", ROLE_ALLOCATOR },
		{ "map_pages", "main", ROLE_HELD },
		{ NULL, "main", ROLE_HELD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct snapshot *snapshot = fixture_snapshot();
		struct process *process = fixture_process(snapshot, 1, "demo");

		add(snapshot, process, cases[i].inner, cases[i].outer);
		roles_settle(snapshot);
		assert_int_equal(process->sites[0].role, cases[i].role);
		snapshot_free(snapshot);
	}
}

/* What the tracing told, and what is no mapping, stays. */
static void test_others_stay(void **state)
{
	struct snapshot *snapshot = fixture_snapshot();
	struct process *process = fixture_process(snapshot, 1, "demo");

	(void)state;
	add(snapshot, process, "malloc", "main")->role = ROLE_THREAD_STACK;
	add(snapshot, process, "malloc", "main")->kind = KIND_FD;
	add(snapshot, process, "malloc", "main")->stack = SITE_NO_STACK;
	roles_settle(snapshot);
	assert_int_equal(process->sites[0].role, ROLE_THREAD_STACK);
	assert_int_equal(process->sites[1].role, ROLE_HELD);
	assert_int_equal(process->sites[2].role, ROLE_HELD);
	snapshot_free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
