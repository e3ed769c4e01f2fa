/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing arrays: a pointer and a count, capacity a power of two that is not stored. */
#ifndef LEAKTRACE_UTIL_ARRAY_H
#define LEAKTRACE_UTIL_ARRAY_H

#include <stddef.h>

/*
 * Adds a zeroed element of `size` bytes to an array of `*count`; returns it, or
 * NULL when out of memory (the array is as before). `array` points to the
 * array's pointer. An array is only ever grown by this function.
 */
void *array_add(void *array, size_t *count, size_t size);

#endif
