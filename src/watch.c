/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch.h"

#include <errno.h>

#include "model/snapshot.h"
#include "symbols/symbols.h"
#include "trace/processes.h"
#include "trace/tracer.h"

/* Stacks that are named at a time: some milliseconds. */
#define NAMES_AT_A_TIME 200
/* One look at all resources after the other takes at most such a slice of each sample's time. */
#define WALK_NS 15000000ULL

int watch_begin(struct watch *watch, const struct watch_config *config)
{
	*watch = (struct watch){
		.snapshot = config->snapshot,
		.symbols = config->symbols,
		.sampler = sampler_new(config->processes, config->tracer, config->mode),
		.growth = growth_new(config->snapshot),
	};
	return watch->sampler && watch->growth ? 0 : -ENOMEM;
}

void watch_end(struct watch *watch)
{
	growth_free(watch->growth);
	sampler_free(watch->sampler);
	*watch = (struct watch){ 0 };
}

int watch_restart(struct watch *watch)
{
	struct growth *growth = growth_new(watch->snapshot);

	if (!growth)
		return -ENOMEM;
	growth_free(watch->growth);
	watch->growth = growth;
	watch->naming = 0;
	return 0;
}

int watch_sample(struct watch *watch)
{
	struct sample sample;
	int error = sampler_take(watch->sampler, &sample) ?: growth_update(watch->growth, &sample);

	growth_take_names(watch->growth);
	watch->names_wait = true;
	watch->walk_is_due = true;
	return error;
}

/* One process after the other; the snapshot has those that have ended as well. */
static void name_some(struct watch *watch)
{
	const struct growth *growth = watch->growth;
	int named = 0;

	while (watch->naming < growth->process_count) {
		uint32_t process = growth->processes[watch->naming]->process;

		named = symbols_resolve_process(watch->symbols, watch->snapshot,
						&watch->snapshot->processes[process],
						NAMES_AT_A_TIME);
		if (named > 0)
			break;
		watch->naming++;
	}
	growth_take_names(watch->growth);
	if (named > 0)
		return;
	watch->naming = 0;
	watch->names_wait = false;
}

bool watch_idle(struct watch *watch)
{
	if (watch->names_wait)
		name_some(watch);
	/* In focus, until a look is done; else a slice with each sample. */
	if (watch->walk_is_due && (sampler_walk(watch->sampler, WALK_NS) || !watch->has_focus))
		watch->walk_is_due = false;
	return watch->names_wait || watch->walk_is_due;
}

int watch_focus(struct watch *watch, const uint32_t *places, size_t count,
		struct site_detail *detail)
{
	watch->has_focus = detail != NULL;
	watch->walk_is_due = true;
	return sampler_focus(watch->sampler, places, count, detail);
}
