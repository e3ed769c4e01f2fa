/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suppressions that a program has built in for LeakSanitizer: what its function
 * __lsan_default_suppressions() returns (<sanitizer/lsan_interface.h>). The function is
 * read, not called.
 */
#ifndef LEAKTRACE_TRACE_EMBEDDED_H
#define LEAKTRACE_TRACE_EMBEDDED_H

struct elf_file;

/* The text, to be freed; NULL when there is none, or the function does more than return it. */
char *embedded_suppressions(struct elf_file *file, int fd);

#endif
