/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing arrays: a pointer and a count, capacity a power of two that is not stored. */
#ifndef LEAKTRACE_UTIL_ARRAY_H
#define LEAKTRACE_UTIL_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* For array_add(): twice the room. Returns false when out of memory. */
bool array_grow(void *array, size_t count, size_t size);

/*
 * Adds a zeroed element of `size` bytes to an array of `*count`; returns it, or
 * NULL when out of memory (the array is as before). `array` points to the
 * array's pointer. An array is only ever grown by this function. Here, since it is
 * called for every byte of a recording.
 */
static inline void *array_add(void *array, size_t *count, size_t size)
{
	if ((*count & (*count - 1)) == 0 && !array_grow(array, *count, size))
		return NULL;
	return memset(*(char **)array + (*count)++ * size, 0, size);
}

#endif
