/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a collection share: collect.c, which reads the kernel's tables, and
 * collect_kinds.c, which knows what each kind needs besides. */
#ifndef LEAKTRACE_TRACE_COLLECT_H
#define LEAKTRACE_TRACE_COLLECT_H

#include "trace/space.h"

/* Where a line of the site table goes: a site of a process, by indices. */
struct line_target {
	struct space *space;
	uint32_t site;
};

struct collection {
	struct processes *processes;
	struct space **by_number; /* WIRE_SPACES */
	struct line_target *lines;
	size_t line_count;
	uint64_t live_count; /* by the sites' counters; of a sample in parts, see wire.h */
	uint64_t unseen_opens;
	uint64_t unseen_closes;
	int error;
};

/* A number of acquisitions or releases of a line; of what is sampled they are in parts. */
uint64_t collect_count(const struct snapshot *snapshot, const struct wire_site *line,
		       uint64_t count);
/* Kernel ticks to nanoseconds since the session's start. */
uint64_t collect_ticks_ns(uint32_t ticks);
/* The resource that a key of the live table stands for. */
uint64_t collect_id_of_key(uint64_t key);

/* The index of the process's site, NO_SITE when out of memory. */
uint32_t collect_add_site(struct collection *collection, struct space *space,
			  const struct space_tag *tag, uint32_t kind, enum role role);
/* The same for resources of another role or class, of the same stack and kind. */
uint32_t collect_add_part(struct collection *collection, struct space *space, uint32_t site,
			  enum role role, enum leak_class leak_class);
/* Makes the site's first and last acquisition cover these times. */
void collect_widen(struct site *site, uint64_t first_ns, uint64_t last_ns);
/* Returns NULL when out of memory. */
struct resource *collect_add_resource(struct collection *collection, struct site *site,
				      const struct resource *resource);

/* A descriptor that was closed without our seeing it. */
bool collect_is_stale(const struct collection *collection, const struct space *space,
		      const struct resource *resource);
/* Each names the resource and tells its role. */
enum role collect_describe_fd(const struct space *space, struct resource *resource);
enum role collect_describe_thread(struct collection *collection, const struct space *space,
				  struct resource *resource);

/*
 * Classes, where the space was looked into: the index of the site that the resource goes
 * to, by its class; `site` when it has none. Then, once all are there, what counters and
 * which indirectly lost blocks each site has.
 */
uint32_t collect_classify(struct collection *collection, struct space *space, uint32_t site,
			  const struct resource *resource);
void collect_settle_classes(struct collection *collection, struct space *space);

/* Each adds what the kernel's tables do not have. */
void collect_files(struct collection *collection, struct space *space);
void collect_scopes(struct process *process, const struct space *space,
		    const struct tracer *tracer);
void collect_threads(struct collection *collection, struct space *space);
void collect_mappings(struct collection *collection, struct space *space);
void collect_pages(struct collection *collection, struct space *space);

/* Holds the books of mappings against the process's, as it was last looked at. */
void collect_check_mappings(struct processes *processes, struct space *space);

#endif
