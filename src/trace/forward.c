/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over all ways through a small function. */
#include "trace/forward.h"

#include <stddef.h>

/* Forwarders are short: libstdc++'s operator new, a loop around malloc, has 30 instructions. */
#define MAX_INSNS 256
#define MAX_WAYS 64

/* A point to go on from; `active` when something was called or written on the way there. */
struct way {
	uint64_t address;
	bool active;
};

struct walk {
	struct code_decoder *decoder;
	const struct code *code;
	const struct forward_targets *targets;
	struct way ways[MAX_WAYS]; /* none twice */
	size_t count;
	unsigned insns;
	bool reached;
};

static bool add_way(struct walk *walk, uint64_t address, bool active)
{
	for (size_t i = 0; i < walk->count; i++)
		if (walk->ways[i].address == address && walk->ways[i].active == active)
			return true;
	if (walk->count == MAX_WAYS)
		return false;
	walk->ways[walk->count++] = (struct way){ address, active };
	return true;
}

static bool decode(struct walk *walk, uint64_t address, struct code_insn *insn)
{
	return walk->insns++ < MAX_INSNS && code_decode(walk->decoder, walk->code, address, insn);
}

/* Where a jump, branch or call leads; true when that is a target, else 0 when it cannot be seen. */
static bool is_target(const struct walk *walk, const struct code_insn *insn, uint64_t *address)
{
	const struct forward_targets *targets = walk->targets;

	*address = insn->target;
	if (insn->slot && targets->is_slot(insn->slot, address, targets->context))
		return true;
	return *address && targets->is_function(*address, targets->context);
}

/* A call's way leads through the jump of a PLT entry, and what is before that. */
static bool calls_target(struct walk *walk, uint64_t address)
{
	struct code_insn insn;
	uint64_t next;

	for (unsigned i = 0; i < code_plt_insns && address; i++, address = insn.next) {
		if (!decode(walk, address, &insn))
			return false;
		if (insn.flow != CODE_NEXT)
			return insn.flow == CODE_JUMP && is_target(walk, &insn, &next);
	}
	return false;
}

/* Goes one way to its end or to where it divides; false when it ends elsewhere than in a target. */
static bool follow(struct walk *walk, struct way way)
{
	struct code_insn insn;
	uint64_t address;

	for (;; way.address = insn.next) {
		if (!decode(walk, way.address, &insn))
			return false;
		way.active |= insn.writes_memory;
		if (insn.flow == CODE_NEXT)
			continue;
		if (is_target(walk, &insn, &address)) {
			walk->reached = true;
			if (insn.flow == CODE_BRANCH)
				continue;
			return true;
		}
		switch (insn.flow) {
		case CODE_CALL:
			if (calls_target(walk, address)) {
				walk->reached = true;
				return true;
			}
			way.active = true;
			continue;
		case CODE_JUMP:
			return address && add_way(walk, address, way.active);
		case CODE_BRANCH:
			return add_way(walk, address, way.active) &&
			       add_way(walk, insn.next, way.active);
		case CODE_RETURN:
			return !way.active;
		default:
			return false;
		}
	}
}

bool forward_always(struct code_decoder *decoder, const struct code *code, uint64_t address,
		    const struct forward_targets *targets)
{
	struct walk walk = { .decoder = decoder, .code = code, .targets = targets };

	add_way(&walk, address, false);
	for (size_t i = 0; i < walk.count; i++)
		if (!follow(&walk, walk.ways[i]))
			return false;
	return walk.reached;
}
