/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/leaks.h"

#include <stdlib.h>
#include <string.h>

#include "analyze/findings.h"
#include "analyze/own_frame.h"
#include "analyze/verdict.h"
#include "model/snapshot.h"
#include "util/array.h"

struct verdict_leak *report_leaks(const struct findings *findings, const struct verdict *verdict,
				  size_t *count)
{
	struct verdict_leak *leaks = NULL;

	*count = 0;
	if (verdict->has_gate) {
		leaks = calloc(verdict->leak_count + 1, sizeof(*leaks));
		if (leaks && verdict->leak_count)
			memcpy(leaks, verdict->leaks, verdict->leak_count * sizeof(*leaks));
		*count = leaks ? verdict->leak_count : 0;
		return leaks;
	}
	for (size_t i = 0; i < findings->process_count; i++) {
		const struct process_findings *process = &findings->processes[i];

		for (size_t j = 0; j < process->finding_count; j++) {
			const struct finding *finding = &process->findings[j];
			struct verdict_leak *leak;

			if (!finding->live_count || !finding_is_shown(&findings->filter, finding))
				continue;
			leak = array_add(&leaks, count, sizeof(*leak));
			if (!leak) {
				free(leaks);
				return NULL;
			}
			*leak = (struct verdict_leak){ process, finding, 0 };
		}
	}
	return leaks ? leaks : calloc(1, sizeof(*leaks));
}

const struct frame *report_source_frame(const struct finding *finding)
{
	const struct frame *own = own_frame(finding->frames, finding->frame_count);

	if (own && own->file)
		return own;
	for (uint32_t i = 0; i < finding->frame_count; i++)
		if (finding->frames[i].file)
			return &finding->frames[i];
	return NULL;
}

static uint64_t mix(uint64_t hash, const char *text)
{
	/* FNV-1a, of Fowler, Noll and Vo. */
	for (; text && *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
	return (hash ^ 0xff) * 0x100000001b3ULL;
}

uint64_t report_fingerprint(const struct finding *finding)
{
	uint64_t hash = 0xcbf29ce484222325ULL + (uint64_t)finding->site->kind;

	for (uint32_t i = 0; i < finding->frame_count; i++) {
		hash = mix(hash, finding->frames[i].function);
		hash = mix(hash, finding->frames[i].module ? module_name(finding->frames[i].module)
							   : NULL);
	}
	return hash;
}
