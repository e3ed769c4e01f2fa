/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns a space's scopes: from the kernel's numbers to the process's. */
#include <errno.h>

#include "trace/collect.h"
#include "trace/space.h"
#include "trace/tracer.h"
#include "util/array.h"
#include "util/strings.h"

void processes_set_calls(struct processes *processes, const char *const *names, size_t count)
{
	processes->call_names = names;
	processes->call_count = count;
}

static const char *name_of(const struct processes *processes, const struct wire_event_scope *event)
{
	char name[WIRE_SCOPE_NAME + 1] = "";

	if (event->key.is_call)
		return event->key.name < processes->call_count
			       ? processes->call_names[event->key.name]
			       : "?";
	memcpy(name, event->name, WIRE_SCOPE_NAME);
	return strings_intern(processes->snapshot->strings, name[0] ? name : "?");
}

int processes_scope_event(struct processes *processes, const struct wire_event_scope *event)
{
	struct space *space = space_find(processes, event->head.space);
	struct wire_scope_key *key;
	struct scope *scope;

	if (!space)
		return 0;
	key = array_add(&space->scope_keys, &space->scope_key_count, sizeof(*key));
	scope = key ? process_add_scope(space_process(processes, space)) : NULL;
	if (!scope)
		return -ENOMEM;
	*key = event->key;
	scope->name = strings_intern(processes->snapshot->strings, name_of(processes, event));
	scope->number = event->number;
	scope->is_call = event->key.is_call;
	return scope->name ? 0 : -ENOMEM;
}

uint32_t space_scope_index(const struct process *process, uint32_t id)
{
	uint32_t number = id >> WIRE_SCOPE_ROUND_BITS;

	/* They come in the order of their numbers, but for a race; a process has few. */
	for (size_t i = process->scope_count; number && i-- > 0;)
		if (process->scopes[i].number == number)
			return (uint32_t)i;
	return SITE_NO_SCOPE;
}

void collect_scopes(struct process *process, const struct space *space, const struct tracer *tracer)
{
	for (size_t i = 0; i < process->scope_count && i < space->scope_key_count; i++)
		process->scopes[i].entries = tracer_scope_entries(tracer, &space->scope_keys[i]);
}
