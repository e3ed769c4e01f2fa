/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan's probes shared out over the programs. Knows no processes but their ids. */
#include "trace/probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/attach.h"
#include "trace/modules.h"
#include "trace/tracer.h"

/* What has no return needs no session. */
static enum attach_mode entry_mode(enum attach_mode mode)
{
	return mode == ATTACH_SESSION ? ATTACH_MULTI : mode;
}

#define OP(op) (1u << (op))
#define OPS_ACQUIRE                                                                                \
	(OP(WIRE_ACQUIRE) | OP(WIRE_ACQUIRE_OUT) | OP(WIRE_ACQUIRE_ARG) | OP(WIRE_RESIZE) |        \
	 OP(WIRE_RELEASE_IF))

/* One program's share of a plan, at entry or return. */
struct share {
	enum tracer_program program;
	unsigned ops;
	bool at_return;
};

static bool is_part(const struct probe_site *site, enum probe_part part)
{
	return part == PROBES_ALL || (site->probe.kind == WIRE_HEAP) == (part == PROBES_ALLOCATOR);
}

static int attach_share(struct tracer *tracer, const struct probes_way *way,
			const struct module *module, pid_t pid, enum probe_part part,
			const struct share *share, struct links *links)
{
	const struct probe_plan *plan = module->plan;
	struct attach_request request = {
		.program_fd = tracer_program_fd(tracer, share->program),
		.mode = share->ops == OPS_ACQUIRE ? way->mode : entry_mode(way->mode),
		.shared = way->shared,
		.at_return = share->at_return,
		.file_fd = module->fd,
		.pid = pid,
	};
	struct attach_point *points;
	int error;

	if (request.program_fd < 0)
		return 0;
	points = calloc(plan->count, sizeof(*points));
	if (!points)
		return -ENOMEM;
	for (size_t i = 0; i < plan->count; i++) {
		const struct probe_site *site = &plan->sites[i];

		if (!is_part(site, part) || !(OP(site->probe.op) & share->ops) ||
		    site->placement.reason == PLACE_UNPROBEABLE)
			continue;
		points[request.count].file_offset = site->file_offset;
		memcpy(&points[request.count].cookie, &site->probe, sizeof(site->probe));
		request.count++;
	}
	request.points = points;
	error = attach_uprobes(&request, links);
	free(points);
	return error;
}

static int attach_plan(struct tracer *tracer, const struct probes_way *way,
		       const struct module *module, pid_t pid, enum probe_part part,
		       struct links *links)
{
	/* Returns before entries: no entry is seen whose return is not. */
	static const struct share shares[] = {
		{ TRACER_RELEASE, OP(WIRE_RELEASE), false },
		{ TRACER_ACQUIRE_RETURN, OPS_ACQUIRE, true },
		{ TRACER_ACQUIRE, OPS_ACQUIRE, false },
		{ TRACER_LEAVING, OP(WIRE_LEAVE), false },
		{ TRACER_ENDING, OP(WIRE_END), false },
		{ TRACER_CALL, OP(WIRE_CALL), false },
		{ TRACER_MARK, OP(WIRE_MARK_BEGIN) | OP(WIRE_MARK_END) | OP(WIRE_MARK_POINT),
		  false },
	};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(shares) / sizeof(*shares); i++)
		error = attach_share(tracer, way, module, pid, part, &shares[i], links);
	return error;
}

static int attach_library_hook(struct tracer *tracer, const struct probes_way *way,
			       const struct module *module, pid_t pid, struct links *links)
{
	struct attach_point point = {
		.file_offset = module->library_hook_offset,
		.cookie = module->library_state,
	};
	struct attach_request request = {
		.program_fd = tracer_program_fd(tracer, TRACER_LIBRARIES),
		.mode = entry_mode(way->mode),
		.shared = way->shared,
		.file_fd = module->fd,
		.pid = pid,
		.points = &point,
		.count = 1,
	};

	return attach_uprobes(&request, links);
}

int probes_attach(struct tracer *tracer, const struct probes_way *way, const struct module *module,
		  pid_t pid, enum probe_part part, struct links *links)
{
	int error = 0;

	if (module_has_probes(module))
		error = attach_plan(tracer, way, module, pid, part, links);
	if (!error && module->has_library_hook && part != PROBES_ALLOCATOR)
		error = attach_library_hook(tracer, way, module, pid, links);
	return error;
}
