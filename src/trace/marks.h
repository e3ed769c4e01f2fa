/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The marks that a file has: notes in the section .note.stapsdt, provider "leaktrace", as
 * include/leaktrace/mark.h writes them. The form is SystemTap's, version 3 (sys/sdt.h):
 * addresses of the place, of a base and of a semaphore, then the provider's name, the mark's
 * and its arguments, each with a NUL.
 */
#ifndef LEAKTRACE_TRACE_MARKS_H
#define LEAKTRACE_TRACE_MARKS_H

struct elf_file;
struct probe_plan;

/* Adds the file's marks to the plan. Returns 0 or -ENOMEM. */
int marks_choose(struct elf_file *file, struct probe_plan *plan);

#endif
