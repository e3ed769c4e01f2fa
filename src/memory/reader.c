/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory/reader.h"

#include <errno.h>
#include <sys/uio.h>

#include "trace/tracer.h"

static ssize_t read_by_call(pid_t tid, uint64_t address, void *target, size_t bytes)
{
	struct iovec local = { target, bytes };
	struct iovec remote = { (void *)(uintptr_t)address, bytes };
	ssize_t got = process_vm_readv(tid, &local, 1, &remote, 1, 0);

	return got < 0 ? -errno : got;
}

ssize_t reader_read(struct reader *reader, uint64_t address, void *target, size_t bytes)
{
	ssize_t got = -EPERM;

	if (reader->way != READER_PROGRAM)
		got = read_by_call(reader->tid, address, target, bytes);
	/* Without the right, a kernel without the call: not for this address alone. */
	if (reader->way == READER_AUTO && (got == -EPERM || got == -ENOSYS))
		reader->way = READER_PROGRAM;
	if (reader->way == READER_PROGRAM)
		got = tracer_read_memory(reader->tracer, reader->tid, address, target, bytes);
	if (got > 0)
		reader->bytes += (uint64_t)got;
	return got;
}
