/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the table of allocators; a new function, prefix or allocator is a row here. */
#include "trace/allocator_table.h"

#include <string.h>

#define NONE WIRE_NO_ARG
#define SIZE(size, count) .size_args = (size) | (count) << 4

/* Arguments by number, from 0. */
#define PROBE(what, id, size, count, flag)                                                         \
	{                                                                                          \
		.op = (what), .kind = WIRE_HEAP, SIZE(size, count), .id_arg = (id),                \
		.flags = (flag), .skip_arg = WIRE_NO_ARG,                                          \
		.when = (what) == WIRE_ACQUIRE_OUT ? WIRE_WHEN_ZERO : WIRE_WHEN_NONZERO,           \
	}
#define ACQUIRE(size) PROBE(WIRE_ACQUIRE, NONE, size, NONE, 0)
#define THROWING(size) PROBE(WIRE_ACQUIRE, NONE, size, NONE, WIRE_MAY_THROW)
#define RELEASE PROBE(WIRE_RELEASE, 0, NONE, NONE, 0)
#define RESIZE(size, count, flags) PROBE(WIRE_RESIZE, 0, size, count, flags)

static const struct allocator_row rows[] = {
	/* C, POSIX and what glibc, musl, the BSDs and the allocators add */
	{ "malloc", ACQUIRE(0), false },
	{ "free", RELEASE, false },
	{ "calloc", PROBE(WIRE_ACQUIRE, NONE, 1, 0, 0), false },
	{ "realloc", RESIZE(1, NONE, 0), false },
	{ "reallocarray", RESIZE(2, 1, 0), false },
	{ "reallocf", RESIZE(1, NONE, WIRE_RELEASES_ON_FAILURE), false },
	{ "memalign", ACQUIRE(1), false },
	{ "aligned_alloc", ACQUIRE(1), false },
	{ "posix_memalign", PROBE(WIRE_ACQUIRE_OUT, 0, 2, NONE, 0), false },
	{ "valloc", ACQUIRE(0), false },
	{ "pvalloc", PROBE(WIRE_ACQUIRE, NONE, 0, NONE, WIRE_SIZE_IN_PAGES), false },
	{ "__libc_memalign", ACQUIRE(1), false },
	{ "cfree", RELEASE, false },
	{ "vfree", RELEASE, false },
	{ "free_sized", RELEASE, false },
	{ "free_aligned_sized", RELEASE, false },
	/* jemalloc(3) */
	{ "mallocx", ACQUIRE(0), false },
	{ "rallocx", RESIZE(1, NONE, 0), false },
	{ "dallocx", RELEASE, false },
	{ "sdallocx", RELEASE, false },
	/* C++: operator new, new[]: plain, nothrow, aligned, both */
	{ "_Znwm", THROWING(0), true },
	{ "_Znam", THROWING(0), true },
	{ "_ZnwmRKSt9nothrow_t", ACQUIRE(0), true },
	{ "_ZnamRKSt9nothrow_t", ACQUIRE(0), true },
	{ "_ZnwmSt11align_val_t", THROWING(0), true },
	{ "_ZnamSt11align_val_t", THROWING(0), true },
	{ "_ZnwmSt11align_val_tRKSt9nothrow_t", ACQUIRE(0), true },
	{ "_ZnamSt11align_val_tRKSt9nothrow_t", ACQUIRE(0), true },
	/* operator delete, delete[]: plain, sized, nothrow, aligned, combinations */
	{ "_ZdlPv", RELEASE, true },
	{ "_ZdaPv", RELEASE, true },
	{ "_ZdlPvm", RELEASE, true },
	{ "_ZdaPvm", RELEASE, true },
	{ "_ZdlPvRKSt9nothrow_t", RELEASE, true },
	{ "_ZdaPvRKSt9nothrow_t", RELEASE, true },
	{ "_ZdlPvSt11align_val_t", RELEASE, true },
	{ "_ZdaPvSt11align_val_t", RELEASE, true },
	{ "_ZdlPvSt11align_val_tRKSt9nothrow_t", RELEASE, true },
	{ "_ZdaPvSt11align_val_tRKSt9nothrow_t", RELEASE, true },
	{ "_ZdlPvmSt11align_val_t", RELEASE, true },
	{ "_ZdaPvmSt11align_val_t", RELEASE, true },
};

const char *const allocator_prefixes[] = { "je_", "_rjem_", "_rjem_je_", "mi_", "tc_", NULL };

/* Most specific first: jemalloc, tcmalloc and mimalloc bring glibc's names too. */
const struct allocator_family allocator_families[] = {
	{ "jemalloc", { "mallctl" } },
	{ "jemalloc", { "je_mallctl" } },
	{ "jemalloc", { "_rjem_mallctl" } },
	{ "jemalloc", { "_rjem_je_mallctl" } },
	{ "tcmalloc", { "tc_malloc" } },
	{ "tcmalloc", { "TCMallocInternalMalloc" } },
	{ "mimalloc", { "mi_malloc" } },
	{ "mimalloc", { "mi_version" } },
	{ "musl", { "__malloc_donate" } },
	{ "musl", { "__libc_malloc_impl" } },
	{ "musl", { "__dls3" } },
	{ "glibc", { "__libc_malloc", "gnu_get_libc_version" } },
	/* Linked statically, where nobody may have asked for the version. */
	{ "glibc", { "__libc_malloc", "_int_malloc" } },
	{ NULL, { NULL } },
};

const struct allocator_row *allocator_row_find(const char *name)
{
	/* Asked for every symbol of a file: nearly all are turned away by a look at one byte. */
	if (!strchr("mcrfavpds_", name[0]) || !name[0])
		return NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].name[0] == name[0] && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static unsigned after(unsigned argument)
{
	return argument == WIRE_NO_ARG ? 0 : argument + 1;
}

unsigned probe_argument_count(const struct wire_probe *probe)
{
	const unsigned counts[] = { after(probe->size_args & 0xf), after(probe->size_args >> 4),
				    after(probe->id_arg), after(probe->skip_arg) };
	unsigned most = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		most = counts[i] > most ? counts[i] : most;
	return most;
}
