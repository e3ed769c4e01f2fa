/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events that change what is known of a process, and not which are followed. */
#include "trace/processes.h"
#include "trace/space.h"
#include "trace/space_ranges.h"

static int map_event(struct processes *processes, const struct wire_event_map *event)
{
	struct space *space = space_find(processes, event->head.space);

	if (!space)
		return 0;
	if (space->pages)
		space_pages_mapped(space->pages, event);
	if (event->op == WIRE_MAP_BREAK)
		return space->breaks ? space_break_event(space->breaks, event) : 0;
	return space->mappings ? space_mappings_event(space->mappings, event) : 0;
}

static int page_event(struct processes *processes, const struct wire_event_page *event)
{
	struct space *space = space_find(processes, event->head.space);

	return space && space->pages ? space_pages_touched(space->pages, event) : 0;
}

static int task_event(struct processes *processes, const struct wire_event_task *event)
{
	struct space *space = space_find(processes, event->head.space);

	return space ? space_tasks_event(&space->tasks, event) : 0;
}

static int file_event(struct processes *processes, const struct wire_event_file *event)
{
	struct space *space = space_find(processes, event->head.space);

	if (!space)
		return 0;
	if (event->head.type == WIRE_EVENT_FILE)
		return space_files_add(&space->files, event, processes->snapshot->strings);
	space_files_begin(&space->files, event->head.time_ns);
	return 0;
}

bool processes_event(struct processes *processes, const struct wire_event *event)
{
	int error = 0;

	switch ((enum wire_event_type)event->type) {
	case WIRE_EVENT_STACK:
		error = processes_add_stack(processes, (const struct wire_event_stack *)event);
		break;
	case WIRE_EVENT_MAP:
		error = map_event(processes, (const struct wire_event_map *)event);
		break;
	case WIRE_EVENT_PAGE:
		error = page_event(processes, (const struct wire_event_page *)event);
		break;
	case WIRE_EVENT_TASK:
		error = task_event(processes, (const struct wire_event_task *)event);
		break;
	case WIRE_EVENT_SCOPE:
		error = processes_scope_event(processes, (const struct wire_event_scope *)event);
		break;
	case WIRE_EVENT_FILES:
	case WIRE_EVENT_FILE:
		error = file_event(processes, (const struct wire_event_file *)event);
		break;
	default:
		return false;
	}
	if (error)
		processes_lose_event(processes);
	return true;
}

void processes_lose_event(struct processes *processes)
{
	processes->lost_events++;
}
