/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the memory of a stopped process, by the ways that the kernel offers. */
#ifndef LEAKTRACE_MEMORY_READER_H
#define LEAKTRACE_MEMORY_READER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tracer;

enum reader_way {
	READER_AUTO,
	READER_CALL,	/* process_vm_readv(2): asks for the rights of ptrace(2) */
	READER_PROGRAM, /* a BPF program: asks for none but ours */
};

struct reader {
	struct tracer *tracer;
	pid_t tid; /* any thread of the process that has not ended */
	enum reader_way way;
	uint64_t bytes; /* read so far */
};

/*
 * Returns the number of bytes read, less than asked for where what follows cannot be; or
 * -errno when nothing can be read there.
 */
ssize_t reader_read(struct reader *reader, uint64_t address, void *target, size_t bytes);

#endif
