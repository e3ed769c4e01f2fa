/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <errno.h>
#include <sys/resource.h>

#include "options.h"
#include "trace/kernel.h"
#include "util/log.h"

int machine_check(const struct options *options, enum attach_mode *mode)
{
	const char *capability = kernel_missing_capability();

	if (capability) {
		log_error("%s is missing: run leaktrace with sudo, or give it the capabilities "
			  "once with: setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_sys_admin=ep "
			  "PATH_OF_LEAKTRACE",
			  capability);
		return -EPERM;
	}
	if (!kernel_has_btf()) {
		log_error("this kernel does not describe its types (no /sys/kernel/btf/vmlinux): "
			  "a kernel built with CONFIG_DEBUG_INFO_BTF is needed");
		return -ENOSYS;
	}
	if (kernel_choose_attach(options->attach, mode)) {
		log_error("this kernel cannot attach probes by --attach %s; try --attach auto",
			  attach_mode_name(options->attach));
		return -EOPNOTSUPP;
	}
	log_info("attaching by %s probes", attach_mode_name(*mode));
	return 0;
}

void machine_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
