/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An open file, as the kernel's tables have it. Part of wire.h, which defines the types. */
#ifndef LEAKTRACE_WIRE_FILE_H
#define LEAKTRACE_WIRE_FILE_H

#define WIRE_PATH_BYTES 384
/* path_flags: there were more names than fit. */
#define WIRE_PATH_CUT 1

struct wire_file {
	u64 inode;
	u64 file; /* identity, while it is open */
	u32 mode; /* type and permissions: inode(7) */
	u32 dev;  /* kernel form, major << 20 | minor */
	/* sockets: */
	u16 family;
	u16 type;
	u16 protocol;
	u8 state; /* include/net/tcp_states.h */
	u8 is_deleted;
	u16 local_port;
	u16 remote_port;
	u8 local_address[16]; /* network order; IPv4: the first 4 */
	u8 remote_address[16];
	u16 path_bytes;
	u16 path_flags;
	u32 unused;
	/*
	 * Names from the innermost on, each with its NUL. Of a unix socket: its address as
	 * in sun_path.
	 */
	char path[WIRE_PATH_BYTES];
};

#endif
