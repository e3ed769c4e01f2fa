/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry points of scopes: marks of include/leaktrace/mark.h, functions that a user names. */
#include "arch.bpf.h"
#include "follow.bpf.h"
#include "maps.bpf.h"
#include "scope.bpf.h"
#include "unwind.bpf.h"

static __always_inline u64 name_hash(const char name[WIRE_SCOPE_NAME])
{
	const u64 *words = (const u64 *)name;
	u64 hash = 0x9ae16a3b2f90404fULL;

	for (u32 i = 0; i < WIRE_SCOPE_NAME / sizeof(u64); i++) {
		hash = (hash ^ words[i]) * 0x9fb21c651e98df25ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

SEC("kprobe")
int scope_mark(struct pt_regs *ctx)
{
	struct wire_probe probe = probe_of(ctx);
	struct thread *thread = thread_current();
	struct wire_event_scope event = {};
	struct wire_scope_key key = {};
	struct open_scope *outer;
	u64 name = PT_REGS_PARM1(ctx);
	u32 id;

	if (!thread)
		return 0;
	if (probe.op == WIRE_MARK_END) {
		scope_pop_mark(thread);
		outer = scope_top(thread);
		scope_set_process(thread, outer ? outer->id : 0);
		return 0;
	}
	bpf_probe_read_user_str(event.name, sizeof(event.name), (void *)name);
	key.name = name_hash(event.name);
	key.space = thread->space;
	id = scope_enter(thread, &key, &event);
	scope_set_process(thread, id);
	if (probe.op == WIRE_MARK_BEGIN)
		scope_push(thread, id, 0, 0);
	return 0;
}

SEC("kprobe")
int scope_call(struct pt_regs *ctx)
{
	struct wire_probe probe = probe_of(ctx);
	struct thread *thread = thread_current();
	struct wire_event_scope event = {};
	struct wire_scope_key key = {};
	u64 stack_pointer = PT_REGS_SP(ctx), caller;
	struct open_scope *outer;
	u32 id;

	if (!thread)
		return 0;
	scope_drop_below(thread, stack_pointer);
	caller = entry_caller(ctx);
	if (!caller)
		return 0;
	if (CALL_IS_OPEN_BY_STACK) {
		walk_set_link(&thread->walk, 0);
		unwind(thread, caller, stack_pointer, PT_REGS_FP(ctx));
	}
	key.name = probe.id_arg;
	key.space = thread->space;
	key.is_call = true;
	/* A call inside a call of the same function is part of it. */
	scope_current(thread, NULL);
	outer = scope_top(thread);
	if (outer && outer->call == probe.id_arg + 1)
		return 0;
	id = scope_enter(thread, &key, &event);
	scope_push(thread, id, stack_pointer, caller);
	outer = scope_top(thread);
	if (outer)
		outer->call = probe.id_arg + 1;
	return 0;
}

char _license[] SEC("license") = "GPL";
