/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe placement: the walk from the entry and the proof that nothing jumps
 * behind it. Must not know an instruction set: code.h answers for that.
 */
#include "trace/place.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/code.h"

/* How far to look in a function of unknown size, for a place and for jump tables. */
#define UNKNOWN_WALK_BYTES 64
#define UNKNOWN_SIZE_BYTES 4096
/* No allocator's function is larger; one that says so is not worth decoding. */
#define MAX_SIZE_BYTES 65536

/* Addresses that nothing may jump to, for the placement that is up to `request`. */
struct range {
	uint64_t entry; /* the first is the one after it */
	uint64_t high;
	uint64_t read_end; /* entry..read_end was read instruction by instruction */
	struct placement *placement;
};

struct work {
	struct code code;
	struct code_decoder *decoder;
	const struct place_request **sorted; /* by address */
	size_t count;
	struct range *ranges; /* by address; those of different functions are apart */
	size_t range_count;
};

static const char *const reason_texts[] = {
	[PLACE_EMULATED] = "at an instruction that the kernel emulates",
	[PLACE_NO_EMULATED] = ("at the entry: no emulated instruction before the stack pointer "
			       "or an argument changes"),
	[PLACE_JUMP_TARGET] = "at the entry: something jumps behind it",
	[PLACE_INDIRECT_JUMP] = "at the entry: the function has an indirect jump",
	[PLACE_BRANCH_BEFORE] = "at the entry: a branch comes before an emulated instruction",
	[PLACE_UNDECODED] = "at the entry: the code could not be decoded",
	[PLACE_UNPROBEABLE] = "nowhere: the kernel refuses a probe on the first instruction",
	[PLACE_ASKED] = "at the entry: as asked",
};

const char *place_reason_text(enum place_reason reason)
{
	return reason_texts[reason];
}

static uint64_t end_of(const struct code *code, uint64_t address, uint64_t bytes)
{
	uint64_t left = code->start + code->size - address;

	return address + (bytes < left ? bytes : left);
}

static struct placement at_entry(struct work *work, uint64_t entry, enum place_reason reason)
{
	struct code_insn insn;

	if (code_decode(work->decoder, &work->code, entry, &insn) && insn.unprobeable)
		reason = PLACE_UNPROBEABLE;
	return (struct placement){ .address = entry, .reason = reason };
}

/* The first emulated instruction on the straight way from the entry to `end`. */
static struct placement walk(struct work *work, const struct place_request *request, uint64_t end)
{
	uint32_t arguments = (1U << request->argument_count) - 1;
	struct code_insn insn;

	for (uint64_t address = request->address; address < end; address = insn.next) {
		if (!code_decode(work->decoder, &work->code, address, &insn) || insn.next > end)
			return at_entry(work, request->address, PLACE_UNDECODED);
		if (insn.emulated)
			return (struct placement){ address, true, PLACE_EMULATED };
		if (insn.flow != CODE_NEXT)
			return at_entry(work, request->address, PLACE_BRANCH_BEFORE);
		if (insn.moves_stack || insn.arguments_written & arguments)
			break;
	}
	return at_entry(work, request->address, PLACE_NO_EMULATED);
}

/*
 * Reads the function from its entry to `end` for jumps behind the entry, up to the
 * place. An indirect jump through one fixed pointer is a tail call into another
 * module; any other may go through a table with places of this function in it.
 */
static enum place_reason inspect(struct work *work, uint64_t entry, uint64_t place, uint64_t end)
{
	struct code_insn insn;

	for (uint64_t address = entry; address < end; address = insn.next) {
		if (!code_decode(work->decoder, &work->code, address, &insn))
			return PLACE_UNDECODED;
		if (insn.flow == CODE_JUMP && !insn.target && !insn.slot)
			return PLACE_INDIRECT_JUMP;
		if (insn.target > entry && insn.target <= place)
			return PLACE_JUMP_TARGET;
	}
	return PLACE_EMULATED;
}

/* The address of the next request that is not the same function; UINT64_MAX: none. */
static uint64_t next_address(const struct work *work, size_t index)
{
	for (size_t i = index + 1; i < work->count; i++)
		if (work->sorted[i]->address != work->sorted[index]->address)
			return work->sorted[i]->address;
	return UINT64_MAX;
}

/*
 * The place that the function itself allows. When it is not the entry, adds the
 * range that the rest of the code must not jump to.
 */
static struct placement propose(struct work *work, size_t index, struct placement *placement)
{
	const struct place_request *request = work->sorted[index];
	uint64_t entry = request->address, size = request->size, next = next_address(work, index);
	enum place_reason reason;
	struct placement found;
	uint64_t end;

	if (entry - work->code.start >= work->code.size)
		return at_entry(work, entry, PLACE_UNDECODED);
	/* A function that begins inside of this one is entered without passing its entry. */
	end = end_of(&work->code, entry, size ? size : UNKNOWN_WALK_BYTES);
	found = walk(work, request, end < next ? end : next);
	if (found.address == entry)
		return found;
	if (size > MAX_SIZE_BYTES)
		return at_entry(work, entry, PLACE_INDIRECT_JUMP);
	end = end_of(&work->code, entry, size ? size : UNKNOWN_SIZE_BYTES);
	if (!size && end > next)
		end = next;
	reason = inspect(work, entry, found.address, end);
	if (reason != PLACE_EMULATED)
		return at_entry(work, entry, reason);
	/* Where the function ends must be known for its instructions to be the real ones. */
	work->ranges[work->range_count++] =
		(struct range){ entry, found.address, size ? end : entry, placement };
	return found;
}

static void refuse(uint64_t target, void *context)
{
	struct work *work = context;
	size_t low = 0, high = work->range_count;
	uint64_t entry;

	/* The last range that begins at or before the target. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (work->ranges[middle].entry < target)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return;
	entry = work->ranges[low - 1].entry;
	for (; low > 0 && work->ranges[low - 1].entry == entry; low--)
		if (target <= work->ranges[low - 1].high)
			work->ranges[low - 1].placement->reason = PLACE_JUMP_TARGET;
}

/* Short branches around the function; an instruction at its edge may reach a byte into it. */
static void refuse_near_targets(struct work *work, const struct range *range)
{
	struct code before = work->code, after = work->code;

	before.size = range->entry - before.start + 1;
	after.start = range->read_end;
	after.bytes += after.start - work->code.start;
	after.size -= after.start - work->code.start;
	code_each_near_branch(&before, range->entry + 1, range->high, refuse, work);
	code_each_near_branch(&after, range->entry + 1, range->high, refuse, work);
}

static void refuse_jump_targets(struct work *work)
{
	uint64_t high = 0;

	if (work->range_count == 0)
		return;
	for (size_t i = 0; i < work->range_count; i++) {
		high = work->ranges[i].high > high ? work->ranges[i].high : high;
		refuse_near_targets(work, &work->ranges[i]);
	}
	code_each_far_branch(&work->code, work->ranges[0].entry + 1, high, refuse, work);
	for (size_t i = 0; i < work->range_count; i++) {
		struct range *range = &work->ranges[i];

		if (range->placement->reason == PLACE_JUMP_TARGET)
			*range->placement = at_entry(work, range->entry, PLACE_JUMP_TARGET);
	}
}

static int compare_requests(const void *a, const void *b)
{
	const struct place_request *const *x = a, *const *y = b;

	return ((*x)->address > (*y)->address) - ((*x)->address < (*y)->address);
}

static void place_all(struct work *work, const struct place_request *requests,
		      struct placement *placements)
{
	for (size_t i = 0; i < work->count; i++)
		work->sorted[i] = &requests[i];
	qsort(work->sorted, work->count, sizeof(*work->sorted), compare_requests);
	for (size_t i = 0; i < work->count; i++) {
		struct placement *placement = &placements[work->sorted[i] - requests];

		*placement = propose(work, i, placement);
	}
	refuse_jump_targets(work);
}

int place_probes(const uint8_t *code, uint64_t start, uint64_t size,
		 const struct place_request *requests, size_t count, struct placement *placements)
{
	struct work work = { .code = { code, start, size }, .count = count };
	int err = -ENOMEM;

	if (count == 0)
		return 0;
	work.decoder = code_decoder_new();
	work.sorted = calloc(count, sizeof(*work.sorted));
	work.ranges = calloc(count, sizeof(*work.ranges));
	if (work.decoder && work.sorted && work.ranges) {
		place_all(&work, requests, placements);
		err = 0;
	}
	free(work.ranges);
	free(work.sorted);
	code_decoder_free(work.decoder);
	return err;
}
