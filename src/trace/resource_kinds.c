/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user's kinds hold. */
#include <stdlib.h>

#include "trace/resource_file.h"

void resource_kinds_clear(struct resource_kinds *kinds)
{
	for (size_t i = 0; i < kinds->count; i++) {
		struct resource_kind *kind = &kinds->kinds[i];

		for (size_t j = 0; j < kind->object_count; j++)
			free(kind->objects[j]);
		free(kind->objects);
		free(kind->name);
		free(kind->noun);
		free(kind->nouns);
	}
	for (size_t i = 0; i < kinds->function_count; i++)
		free(kinds->functions[i].name);
	free(kinds->kinds);
	free(kinds->functions);
	*kinds = (struct resource_kinds){ 0 };
}
