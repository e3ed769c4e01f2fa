/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks before anything is loaded. Capability numbers: capabilities(7), linux/capability.h. */
#include "trace/kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "trace/attach.h"
#include "wire.h"

static uint64_t effective_capabilities(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	uint64_t capabilities = 0;
	char line[128];

	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "CapEff: %" SCNx64, &capabilities) == 1)
			break;
	fclose(status);
	return capabilities;
}

const char *kernel_missing_capability(void)
{
	static const struct {
		int number;
		const char *name;
	} needed[] = {
		{ CAP_BPF, "CAP_BPF" },
		{ CAP_PERFMON, "CAP_PERFMON" },
	};
	uint64_t capabilities = effective_capabilities();

	/* CAP_SYS_ADMIN implies both. */
	if (capabilities & 1ULL << CAP_SYS_ADMIN)
		return NULL;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!(capabilities & 1ULL << needed[i].number))
			return needed[i].name;
	return NULL;
}

bool kernel_has_btf(void)
{
	return !access("/sys/kernel/btf/vmlinux", R_OK);
}

int kernel_choose_attach(enum attach_mode wanted, enum attach_mode *mode)
{
	static const enum attach_mode best_first[] = { ATTACH_SESSION, ATTACH_MULTI,
						       ATTACH_SINGLE };

	for (size_t i = 0; i < sizeof(best_first) / sizeof(*best_first); i++) {
		if (wanted != ATTACH_AUTO && wanted != best_first[i])
			continue;
		if (!attach_mode_works(best_first[i]))
			continue;
		*mode = best_first[i];
		return 0;
	}
	return -EOPNOTSUPP;
}

bool kernel_reads_memory(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_SYSCALL, BPF_FUNC_copy_from_user_task, NULL) ==
	       1;
}

const char *attach_mode_name(enum attach_mode mode)
{
	static const char *const names[] = {
		[ATTACH_AUTO] = "auto",
		[ATTACH_SESSION] = "session",
		[ATTACH_MULTI] = "multi",
		[ATTACH_SINGLE] = "single",
	};

	return names[mode];
}

unsigned kernel_huge_pages(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char text[64] = "";

	if (!file)
		return WIRE_HUGE_NEVER;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	if (strstr(text, "[always]"))
		return WIRE_HUGE_ALWAYS;
	return strstr(text, "[madvise]") ? WIRE_HUGE_ADVISED : WIRE_HUGE_NEVER;
}
