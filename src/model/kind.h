/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of resources: one row each. Those from KIND_CUSTOM on are a user's own. */
#ifndef LEAKTRACE_MODEL_KIND_H
#define LEAKTRACE_MODEL_KIND_H

#include <stdbool.h>
#include <stddef.h>

enum kind {
	KIND_HEAP,
	KIND_MMAP,
	KIND_FD,
	KIND_THREAD,
	KIND_PAGES, /* instead of KIND_HEAP */
	KIND_CUSTOM,
};

#define KIND_MAX 20
/* Those before it are chosen by name; what is behind follows from other options. */
#define KIND_CHOICES KIND_PAGES

struct kind_info {
	const char *name; /* in JSON and options */
	const char *noun; /* one of it, in text reports */
	const char *nouns;
	bool has_bytes;
	const char *acquisitions; /* what acquiring one is called, in text reports */
	const char *releases;
	const char *id_name; /* JSON key of a resource's id */
	bool id_is_address;  /* shown in hex */
};

extern const struct kind_info kind_table[KIND_CUSTOM];

/* Whether bytes are what one of it is judged by: a thread's are its stack's, and of no interest. */
static inline bool kind_bytes_matter(const struct kind_info *kinds, size_t kind)
{
	return kinds[kind].has_bytes && kind != KIND_THREAD;
}

#endif
