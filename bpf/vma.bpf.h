/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's own record of the mapping around an address of the running task. */
#ifndef LEAKTRACE_VMA_BPF_H
#define LEAKTRACE_VMA_BPF_H

#include "maps.bpf.h"

#include <bpf/bpf_core_read.h>

struct mapping_view {
	u64 start;
	u64 bytes;
	u64 flags;
	u64 file; /* struct file, 0: none */
};

/* The helper came with Linux 5.17; elsewhere the branch is cut off before it is verified. */
static __always_inline bool has_find_vma(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_find_vma);
}

static long mapping_seen(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	struct mapping_view *view = context;

	view->start = vma->vm_start;
	view->bytes = vma->vm_end - vma->vm_start;
	view->flags = vma->vm_flags;
	view->file = (u64)BPF_CORE_READ(vma, vm_file);
	return 0;
}

static __always_inline struct mapping_view mapping_around(u64 address)
{
	struct mapping_view view = {};

	if (has_find_vma())
		bpf_find_vma(bpf_get_current_task_btf(), address, mapping_seen, &view, 0);
	return view;
}

/* The mapping around an address; of no bytes when that can't be told. */
__weak __noinline int mapping_look(u64 address, struct mapping_view *view)
{
	if (view)
		*view = mapping_around(address);
	return 0;
}

/* Whether code that is in no known mapping was made at run time: nobody tells of it. */
__weak __noinline int code_is_made(u64 pc)
{
	struct mapping_view view = mapping_around(pc);

	return view.bytes && !view.file;
}

#endif
