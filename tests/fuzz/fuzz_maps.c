/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as /proc/PID/maps: what is read of it lays out memory. */
#include <stdio.h>

#include "fuzz.h"

#include "memory/layout.h"
#include "util/proc.h"

/* The kernel lists mappings in the order of addresses, apart. */
static bool are_in_order(const struct proc_map *maps, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (maps[i].start < maps[i - 1].end)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	FILE *stream = size ? fmemopen((void *)bytes, size, "r") : NULL;
	struct layout_source source = { .is_late = true };
	struct area *areas = NULL;
	struct proc_map *maps;
	size_t count, area_count;

	if (!stream)
		return 0;
	if (!proc_maps_parse(stream, &maps, &count)) {
		source.maps = maps;
		source.map_count = count;
		if (are_in_order(maps, count) && layout_make(&source, &areas, &area_count))
			areas = NULL;
		free(areas);
		proc_maps_free(maps, count);
	}
	fclose(stream);
	return 0;
}
