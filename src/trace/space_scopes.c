/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns a space's scopes: from the kernel's numbers to the process's. */
#include <errno.h>
#include <stdlib.h>

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

/* By number: they come in that order, but for a race. The last of each array moves to its place. */
static void put_in_order(struct scope *scope, struct wire_scope_key *key, size_t before)
{
	for (; before && scope[-1].number > scope->number; before--, scope--, key--) {
		struct wire_scope_key other_key = key[-1];
		struct scope other = scope[-1];

		scope[-1] = *scope;
		*scope = other;
		key[-1] = *key;
		*key = other_key;
	}
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
	if (!scope->name) {
		space_process(processes, space)->scope_count--;
		space->scope_key_count--;
		return -ENOMEM;
	}
	put_in_order(scope, key, space->scope_key_count - 1);
	return 0;
}

static int compare_number(const void *key, const void *entry)
{
	const uint32_t *number = key;
	const struct scope *scope = entry;

	return *number < scope->number ? -1 : *number > scope->number;
}

uint32_t space_scope_index(const struct process *process, uint32_t id)
{
	uint32_t number = id >> WIRE_SCOPE_ROUND_BITS;
	const struct scope *scope = NULL;

	if (number && process->scope_count)
		scope = bsearch(&number, process->scopes, process->scope_count, sizeof(*scope),
				compare_number);
	return scope ? (uint32_t)(scope - process->scopes) : SITE_NO_SCOPE;
}

void collect_scopes(struct process *process, const struct space *space, const struct tracer *tracer)
{
	for (size_t i = 0; i < process->scope_count && i < space->scope_key_count; i++)
		process->scopes[i].entries = tracer_scope_entries(tracer, &space->scope_keys[i]);
}
