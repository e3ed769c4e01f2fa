/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry points of the allocator probes, for every way to attach: they fetch
 * arguments and hand plain events to account.bpf.h. A probe's cookie is a
 * struct wire_probe.
 */
#include "account.bpf.h"
#include "call.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"

extern bool bpf_session_is_return(void) __ksym __weak;

SEC("kprobe")
int acquire_session(struct pt_regs *ctx)
{
	if (empty_probes)
		return 0;
	if (bpf_session_is_return()) {
		call_return(ctx, probe_of(ctx));
		return 0;
	}
	/* 1: no return probe for this call */
	return !call_enter(ctx, probe_of(ctx));
}

SEC("kprobe")
int acquire_enter(struct pt_regs *ctx)
{
	if (!empty_probes)
		call_enter(ctx, probe_of(ctx));
	return 0;
}

SEC("kprobe")
int acquire_return(struct pt_regs *ctx)
{
	if (!empty_probes)
		call_return(ctx, probe_of(ctx));
	return 0;
}

SEC("kprobe")
int release_enter(struct pt_regs *ctx)
{
	struct wire_probe probe;
	struct thread *thread;
	u64 id;

	if (empty_probes)
		return 0;
	probe = probe_of(ctx);
	id = call_argument(ctx, probe.id_arg);
	if (!id)
		return 0;
	thread = thread_current();
	if (thread && !call_releases_old(thread, probe.kind, id))
		account_release(thread, probe.kind, id);
	return 0;
}

char _license[] SEC("license") = "GPL";
