/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry point of page faults: memory that a process touches for the first time. */
#include "account.bpf.h"
#include "arch.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"
#include "page.bpf.h"
#include "unwind.bpf.h"
#include "vma.bpf.h"

/* include/linux/mm.h: a mapping of huge pages, one that wants them, one that does not */
#define MAPPING_HUGETLB 0x00400000
#define MAPPING_WANTS_HUGE 0x20000000
#define MAPPING_WANTS_SMALL 0x40000000

/*
 * Whether the kernel gives a huge page if nothing is there yet: all of it must lie in one
 * anonymous mapping. That nothing is there is known to user space.
 */
static __always_inline bool may_be_huge(u64 address)
{
	u64 huge = address & ~((1ULL << WIRE_HUGE_SHIFT) - 1);
	struct mapping_view view = {};

	if (huge_pages == WIRE_HUGE_NEVER)
		return false;
	mapping_look(address, &view);
	if (view.flags & MAPPING_HUGETLB)
		return true;
	if (view.file || view.flags & MAPPING_WANTS_SMALL ||
	    (huge_pages == WIRE_HUGE_ADVISED && !(view.flags & MAPPING_WANTS_HUGE)))
		return false;
	return huge >= view.start && huge + (1ULL << WIRE_HUGE_SHIFT) <= view.start + view.bytes;
}

static __always_inline void page_send(struct thread *thread, const struct wire_site *site,
				      u64 address, u32 shift)
{
	bool huge = may_be_huge(address);
	struct wire_event_page event = {
		.head.type = WIRE_EVENT_PAGE,
		.head.space = thread->space,
		.head.time_ns = bpf_ktime_get_ns(),
		.tag = site->tag,
		.address = address & ~((1ULL << WIRE_PAGE_SHIFT) - 1),
		.check = site->check,
		.shift = shift,
		.huge = huge,
	};
	u64 flags = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > WIRE_RING_BYTES / 4
			    ? BPF_RB_FORCE_WAKEUP
			    : BPF_RB_NO_WAKEUP;

	if (bpf_ringbuf_output(&events, &event, sizeof(event), flags))
		count(WIRE_LOST_EVENTS);
}

/* What is only read shares a page of zeros, or a file's. */
SEC("raw_tp/page_fault_user")
int page_touched(struct bpf_raw_tracepoint_args *ctx)
{
	u64 address = ctx->args[0];
	struct pt_regs *regs = (struct pt_regs *)ctx->args[1];
	struct wire_space *space;
	struct wire_site *site;
	struct thread *thread;
	u32 number, line, now;
	int shift;

	if (!(ctx->args[2] & FAULT_WRITE) || is_stranger(bpf_get_current_task_btf()))
		return 0;
	thread = thread_current();
	if (!thread)
		return 0;
	number = thread->space;
	space = bpf_map_lookup_elem(&spaces, &number);
	if (!space)
		return 0;
	now = now_ticks();
	shift = page_choose(space, address, now);
	if (shift < 0)
		return 0;
	thread->stack.depth = 0;
	if (!space->linking || space->mappings)
		unwind_interrupted(thread, PT_REGS_IP_CORE(regs), PT_REGS_SP_CORE(regs),
				   PT_REGS_FP_CORE(regs));
	site = account_site(thread, WIRE_PAGES, now, &line);
	if (site)
		page_send(thread, site, address, shift);
	return 0;
}

char _license[] SEC("license") = "GPL";
