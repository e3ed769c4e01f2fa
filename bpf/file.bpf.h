/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an open file is: a record for user space (wire_file.h). Knows no descriptors. */
#ifndef LEAKTRACE_FILE_BPF_H
#define LEAKTRACE_FILE_BPF_H

#include "maps.bpf.h"

#include <bpf/bpf_core_read.h>

#define FILE_TYPE_BITS 0170000
#define FILE_TYPE_SOCKET 0140000
#define FAMILY_UNIX 1
#define FAMILY_INET 2
#define FAMILY_INET6 10

#define PATH_PARTS 32
/* A longer name is cut. */
#define PATH_PART_BYTES 128

/* `address`: of a struct vfsmount, which is a part of a struct mount. */
static __always_inline struct mount *mount_of(u64 address)
{
	return (struct mount *)(address - bpf_core_field_offset(struct mount, mnt));
}

struct path_walk {
	u64 entry;   /* struct dentry */
	u64 mounted; /* struct vfsmount */
	u64 done;
};

/* Adds a name, or goes through a mount point. */
__weak __noinline int path_step(struct wire_file *out, struct path_walk *walk)
{
	struct mount *mount, *above;
	struct dentry *dentry;
	u32 used;
	long bytes;

	if (!out || !walk)
		return 0;
	walk->done = true;
	dentry = (struct dentry *)walk->entry;
	mount = mount_of(walk->mounted);
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		above = BPF_CORE_READ(mount, mnt_parent);
		walk->done = above == mount;
		walk->entry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mounted = (u64)above + bpf_core_field_offset(struct mount, mnt);
		return 0;
	}
	used = out->path_bytes;
	if (used > WIRE_PATH_BYTES - PATH_PART_BYTES) {
		out->path_flags = WIRE_PATH_CUT;
		return 0;
	}
	bytes = bpf_probe_read_kernel_str(out->path + used, PATH_PART_BYTES,
					  BPF_CORE_READ(dentry, d_name.name));
	/* No name but its NUL: a pipe. */
	if (bytes <= 1)
		return 0;
	out->path_bytes = used + bytes;
	walk->entry = (u64)BPF_CORE_READ(dentry, d_parent);
	/* Its own parent, of no folder: an eventfd, memory with a name. */
	walk->done = walk->entry == (u64)dentry;
	return 0;
}

/*
 * Names from the innermost on, through mount points, as prepend_path() of
 * fs/d_path.c finds them; up to the root of the mount namespace.
 */
static __always_inline void path_describe(struct wire_file *out, u64 entry, u64 mounted)
{
	struct path_walk walk = { .entry = entry, .mounted = mounted };

	for (int i = 0; i < PATH_PARTS && !walk.done; i++)
		path_step(out, &walk);
}

static __always_inline void unix_describe(struct wire_file *out, struct sock *sock)
{
	struct unix_address *address;
	u32 bytes;

	if (!bpf_core_type_exists(struct unix_sock))
		return;
	address = BPF_CORE_READ((struct unix_sock *)sock, addr);
	bytes = BPF_CORE_READ(address, len) - sizeof(out->family);
	/* One comparison: the verifier of 6.1 does not see what two in one prove. */
	if (!address || bytes > 108)
		return;
	if (!bpf_probe_read_kernel(out->path, bytes, BPF_CORE_READ(address, name) + 0))
		out->path_bytes = bytes;
}

__weak __noinline int socket_describe(struct wire_file *out, u64 address)
{
	struct socket *socket = (struct socket *)address;
	struct sock *sock = BPF_CORE_READ(socket, sk);

	if (!out || !sock)
		return 0;
	out->family = BPF_CORE_READ(sock, __sk_common.skc_family);
	out->type = BPF_CORE_READ(socket, type);
	out->protocol = BPF_CORE_READ(sock, sk_protocol);
	out->state = BPF_CORE_READ(sock, __sk_common.skc_state);
	out->local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
	out->remote_port = __builtin_bswap16(BPF_CORE_READ(sock, __sk_common.skc_dport));
	if (out->family == FAMILY_INET) {
		BPF_CORE_READ_INTO((u32 *)out->local_address, sock, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((u32 *)out->remote_address, sock, __sk_common.skc_daddr);
	} else if (out->family == FAMILY_INET6) {
		BPF_CORE_READ_INTO((struct in6_addr *)out->local_address, sock,
				   __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)out->remote_address, sock,
				   __sk_common.skc_v6_daddr);
	} else if (out->family == FAMILY_UNIX) {
		unix_describe(out, sock);
	}
	return 0;
}

/* Fills `out`, zeroed, from the struct file at `address`. */
__weak __noinline int file_describe(struct wire_file *out, u64 address)
{
	struct file *file = (struct file *)address;
	struct dentry *dentry;
	struct inode *inode;

	if (!out || !address)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	dentry = BPF_CORE_READ(file, f_path.dentry);
	out->file = address;
	out->inode = BPF_CORE_READ(inode, i_ino);
	out->mode = BPF_CORE_READ(inode, i_mode);
	out->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	out->is_deleted = !BPF_CORE_READ(dentry, d_hash.pprev);
	if ((out->mode & FILE_TYPE_BITS) == FILE_TYPE_SOCKET)
		socket_describe(out, (u64)BPF_CORE_READ(file, private_data));
	else
		path_describe(out, (u64)dentry, (u64)BPF_CORE_READ(file, f_path.mnt));
	return 0;
}

#endif
