/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptors: opened and closed by system calls, held against a process's table
 * of open files. A descriptor that a process did not open itself, since fork, exec
 * or attaching, is a bit in a set.
 */
#ifndef LEAKTRACE_DESCRIPTOR_BPF_H
#define LEAKTRACE_DESCRIPTOR_BPF_H

#include "account.bpf.h"
#include "file.bpf.h"
#include "maps.bpf.h"
#include "syscall.bpf.h"

#define WORD_BITS 64
#define SOCKET_LEVEL 1
#define SOCKET_RIGHTS 1
#define CONTROL_MESSAGES 8
/* SCM_MAX_FD of the kernel */
#define RIGHTS_MAX 253
#define MESSAGES_MAX 64

/* <sys/socket.h>: struct msghdr, mmsghdr, cmsghdr */
struct user_message {
	u64 name;
	u64 name_bytes;
	u64 vector;
	u64 vector_count;
	u64 control;
	u64 control_bytes;
	u64 flags;
};

struct user_message_entry {
	struct user_message message;
	u64 bytes;
};

struct user_control {
	u64 bytes;
	int level;
	int type;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct fd_set);
} fd_set_scratch SEC(".maps") __weak;

/* ---- one descriptor ------------------------------------------------------ */

/* The stack of the opening is in the thread's scratch. */
__weak __noinline int fd_opened(struct thread *thread, u64 fd)
{
	if (thread && (s32)fd >= 0)
		account_acquire(thread, WIRE_FD, (u32)fd, 0, 0);
	return 0;
}

static __always_inline bool fd_is_inherited(const struct fd_set *set, u32 fd)
{
	return set && fd / WORD_BITS < set->count && fd < WIRE_FD_WORDS * WORD_BITS &&
	       set->words[fd / WORD_BITS % WIRE_FD_WORDS] >> fd % WORD_BITS & 1;
}

__weak __noinline int fd_closed(struct thread *thread, u64 fd)
{
	struct wire_live value = {};
	struct fd_set *set;
	u32 space, number = fd;

	if (!thread || (s32)fd < 0)
		return 0;
	if (account_take(thread, WIRE_FD, number, &value)) {
		account_released(thread, &value);
		return 0;
	}
	space = thread->space;
	set = bpf_map_lookup_elem(&inherited_fds, &space);
	if (fd_is_inherited(set, number))
		__sync_fetch_and_and(&set->words[number / WORD_BITS % WIRE_FD_WORDS],
				     ~(1ULL << number % WORD_BITS));
	return 0;
}

/* ---- system calls -------------------------------------------------------- */

__weak __noinline int fds_stored(struct thread *thread, u64 address, u32 count)
{
	int fd;

	if (!thread)
		return 0;
	unwind_syscall(thread);
	for (u32 i = 0; i < RIGHTS_MAX && i < count; i++) {
		if (bpf_probe_read_user(&fd, sizeof(fd), (void *)(address + i * sizeof(fd))))
			break;
		fd_opened(thread, fd);
	}
	return 0;
}

/* Descriptors that came with a message: unix(7), SCM_RIGHTS. */
__weak __noinline int fds_received(struct thread *thread, u64 address)
{
	struct user_message message;
	struct user_control control;
	u64 offset = 0;

	if (!thread || bpf_probe_read_user(&message, sizeof(message), (void *)address))
		return 0;
	for (int i = 0; i < CONTROL_MESSAGES; i++) {
		u64 place = message.control + offset;

		if (offset + sizeof(control) > message.control_bytes ||
		    bpf_probe_read_user(&control, sizeof(control), (void *)place) ||
		    control.bytes < sizeof(control))
			break;
		if (control.level == SOCKET_LEVEL && control.type == SOCKET_RIGHTS)
			fds_stored(thread, place + sizeof(control),
				   (control.bytes - sizeof(control)) / sizeof(int));
		offset += (control.bytes + 7) & ~7ULL;
	}
	return 0;
}

static __always_inline void fds_received_many(struct thread *thread, u64 address, u32 count)
{
	for (u32 i = 0; i < MESSAGES_MAX && i < count; i++)
		fds_received(thread, address + i * sizeof(struct user_message_entry));
}

/* ---- a process's table --------------------------------------------------- */

struct fd_table {
	u64 *open; /* a bit per descriptor */
	struct file **files;
	u32 words;
};

static __always_inline bool fd_table_read(struct fd_table *table, u64 files)
{
	struct fdtable *fdt = BPF_CORE_READ((struct files_struct *)files, fdt);

	table->open = (u64 *)BPF_CORE_READ(fdt, open_fds);
	table->files = BPF_CORE_READ(fdt, fd);
	table->words = BPF_CORE_READ(fdt, max_fds) / WORD_BITS;
	return files && table->open;
}

/* Global, as it is called from loops: what it returns is the same to the verifier each time. */
__weak __noinline u64 fd_table_word(u64 open, u32 word)
{
	u64 bits = 0;

	bpf_probe_read_kernel(&bits, sizeof(bits), (u64 *)open + word);
	return bits;
}

/* Closes what is open among 64 descriptors and from `first` to `last`. */
__weak __noinline int fds_closed_word(struct thread *thread, u64 open, u32 word, u64 range)
{
	u32 first = range, last = range >> 32;
	u64 bits = fd_table_word(open, word);

	for (u32 i = 0; i < WORD_BITS; i++) {
		u32 fd = word * WORD_BITS + i;

		if (bits >> i & 1 && fd >= first && fd <= last)
			fd_closed(thread, fd);
	}
	return 0;
}

/* close_range(2), both ends included. */
__weak __noinline int fds_closed_range(struct thread *thread, u64 files, u32 first, u32 last)
{
	u32 word = first / WORD_BITS, end = last / WORD_BITS + 1;
	struct fd_table table;

	if (!thread || !fd_table_read(&table, files))
		return 0;
	if (end > table.words)
		end = table.words;
	for (u32 i = 0; i < WIRE_FD_WORDS && word < end; i++, word++)
		fds_closed_word(thread, (u64)table.open, word, (u64)last << 32 | first);
	return 0;
}

/* What is open now was not opened by the space, which begins. */
__weak __noinline int fds_inherit(u64 files, u32 space)
{
	struct fd_table table;
	struct fd_set *set;
	u32 zero = 0, words;

	set = bpf_map_lookup_elem(&fd_set_scratch, &zero);
	if (!set || !fd_table_read(&table, files))
		return 0;
	words = table.words;
	if (words > WIRE_FD_WORDS)
		words = WIRE_FD_WORDS;
	set->count = words;
	if (bpf_probe_read_kernel(set->words, words * sizeof(u64), table.open))
		return 0;
	bpf_map_update_elem(&inherited_fds, &space, set, BPF_ANY);
	return 0;
}

/* `process`: pid, above it the space. */
__weak __noinline int fd_tell(u64 files, u32 fd, u64 process)
{
	u32 space = process >> 32;
	struct fd_set *set = bpf_map_lookup_elem(&inherited_fds, &space);
	struct wire_event_file *event;
	u64 file = 0;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count(WIRE_LOST_EVENTS);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->head.type = WIRE_EVENT_FILE;
	event->head.space = space;
	event->head.pid = process;
	event->fd = fd;
	event->origin = live_has(space, WIRE_FD, fd) ? WIRE_FD_LIVE
			: fd_is_inherited(set, fd)   ? WIRE_FD_INHERITED
						     : WIRE_FD_UNSEEN;
	bpf_probe_read_kernel(&file, sizeof(file), (u64 *)files + fd);
	file_describe(&event->file, file);
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}

__weak __noinline int fds_tell_word(u64 files, u64 open, u32 word, u64 process)
{
	u64 bits = fd_table_word(open, word);

	for (u32 i = 0; i < WORD_BITS; i++)
		if (bits >> i & 1)
			fd_tell(files, word * WORD_BITS + i, process);
	return 0;
}

/* Tells user space of all descriptors that are open. */
__weak __noinline int fds_tell(u64 files, u32 space, u32 pid)
{
	struct wire_event_file *event;
	struct fd_table table;

	if (!fd_table_read(&table, files))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count(WIRE_LOST_EVENTS);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->head.type = WIRE_EVENT_FILES;
	event->head.space = space;
	event->head.time_ns = bpf_ktime_get_ns();
	event->head.pid = pid;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	for (u32 i = 0; i < WIRE_FILES_DESCRIBED / WORD_BITS && i < table.words; i++)
		fds_tell_word((u64)table.files, (u64)table.open, i, (u64)space << 32 | pid);
	return 0;
}

#endif
