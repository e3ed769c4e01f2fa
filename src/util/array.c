/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *array_add(void *array, size_t *count, size_t size)
{
	char **elements = array;
	char *element;

	if ((*count & (*count - 1)) == 0) {
		size_t capacity = *count ? *count * 2 : 1;
		char *grown = reallocarray(*elements, capacity, size);

		if (!grown)
			return NULL;
		*elements = grown;
	}
	element = *elements + *count * size;
	memset(element, 0, size);
	(*count)++;
	return element;
}
