/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the names of functions that map memory for their library's own use. */
#include "analyze/roles.h"

#include <string.h>

#include "analyze/findings.h"
#include "model/snapshot.h"

/* Of glibc and musl; the innermost that is found decides. */
static const struct {
	const char *name;
	enum role role;
} functions[] = {
	{ "pthread_create", ROLE_THREAD_STACK },
	{ "__pthread_create", ROLE_THREAD_STACK },
	{ "allocate_stack", ROLE_THREAD_STACK },
	{ "_dl_map_object", ROLE_LINKER },
	{ "_dl_map_segments", ROLE_LINKER },
	{ "_dl_map_object_from_fd", ROLE_LINKER },
	{ "_dl_open", ROLE_LINKER },
	{ "dl_open_worker", ROLE_LINKER },
	{ "_dl_sysdep_start", ROLE_LINKER },
	{ "map_library", ROLE_LINKER },
	{ "load_library", ROLE_LINKER },
	{ "sysmalloc", ROLE_ALLOCATOR },
	{ "new_heap", ROLE_ALLOCATOR },
	{ "alloc_meta", ROLE_ALLOCATOR },
	{ "__libc_malloc_impl", ROLE_ALLOCATOR },
};

static enum role role_of_frame(const struct frame *frame)
{
	if (frame_is_allocator(frame))
		return ROLE_ALLOCATOR;
	for (size_t i = 0; frame->function && i < sizeof(functions) / sizeof(*functions); i++)
		if (!strcmp(frame->function, functions[i].name))
			return functions[i].role;
	return ROLE_HELD;
}

enum role roles_of_stack(const struct stack *stack)
{
	enum role role = ROLE_HELD;

	for (uint32_t i = 0; i < stack->frame_count && role == ROLE_HELD; i++)
		role = role_of_frame(&stack->frames[i]);
	return role;
}

void roles_settle(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		struct process *process = &snapshot->processes[i];

		for (size_t j = 0; j < process->site_count; j++) {
			struct site *site = &process->sites[j];

			if (site->kind == KIND_MMAP && site->role == ROLE_HELD &&
			    site->stack < process->stack_count)
				site->role = roles_of_stack(&process->stacks[site->stack]);
		}
	}
}
