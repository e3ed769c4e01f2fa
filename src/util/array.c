/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/array.h"

#include <stdlib.h>

bool array_grow(void *array, size_t count, size_t size)
{
	char **elements = array;
	char *grown = reallocarray(*elements, count ? count * 2 : 1, size);

	if (grown)
		*elements = grown;
	return grown;
}
