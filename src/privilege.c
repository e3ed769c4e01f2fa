/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What each is for. */
static const int kept[] = {
	CAP_BPF,		/* maps and links, for processes and libraries that come */
	CAP_PERFMON,		/* probes on them */
	CAP_SYS_ADMIN,		/* BPF objects by their number; their libraries' mount namespaces */
	CAP_SYS_PTRACE,		/* their mappings and memory */
	CAP_CHECKPOINT_RESTORE, /* /proc/PID/map_files */
	CAP_DAC_READ_SEARCH,	/* their files */
	CAP_DAC_OVERRIDE,	/* results, where only root may write */
	CAP_SETUID,		/* results, with the rights of who called us by sudo(8) */
	CAP_SETGID,
	CAP_KILL,	  /* to stop them and let them go on */
	CAP_SYS_RESOURCE, /* locked memory, on kernels that count it */
};

static uint64_t kept_bits(void)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		bits |= 1ULL << kept[i];
	return bits;
}

int privilege_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	const uint64_t bits = kept_bits();

	/* The kernel may know more of them than its headers here. */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (cap >= 64 || !(bits >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capget, &header, sets))
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t part = (uint32_t)(bits >> 32 * i);

		sets[i].effective &= part;
		sets[i].permitted &= part;
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, sets) ? -errno : 0;
}
