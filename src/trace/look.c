/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at living processes, so that what was traced can be held against what is.
 * Must not know what follows from a difference: that is the collection's.
 */

#include "trace/processes.h"
#include "trace/space.h"
#include "util/clock.h"
#include "util/proc.h"

static void read_maps(struct space *space)
{
	proc_maps_free(space->maps, space->map_count);
	space->maps = NULL;
	space->map_count = 0;
	space->maps_ns = monotonic_ns();
	/* A leader that has ended before its threads has none to show. */
	if (proc_maps_read(space->pid, &space->maps, &space->map_count))
		space->maps = NULL;
}

static bool any_unsure(const struct processes *processes)
{
	const struct space *space;

	for (space = processes->spaces; space; space = space->hh.next)
		if (!space->ended && space_files_unsure(&space->files))
			return true;
	return false;
}

void processes_look(struct processes *processes, int (*walk)(void *context), void *context)
{
	struct space *space, *next;

	HASH_ITER(hh, processes->spaces, space, next)
	if (!space->ended && space->mappings)
		read_maps(space);
	if (!walk)
		return;
	for (int i = 0; i < SPACE_FILES_WALKS; i++)
		if (walk(context) || !any_unsure(processes))
			break;
}
