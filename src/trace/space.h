/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of address spaces, shared by processes.c (life) and collect.c (reading). */
#ifndef LEAKTRACE_TRACE_SPACE_H
#define LEAKTRACE_TRACE_SPACE_H

#include "reach/graph.h"
#include "trace/processes.h"
#include "trace/ranges.h"
#include "trace/space_files.h"
#include "trace/space_mappings.h"
#include "trace/space_pages.h"
#include "trace/space_tasks.h"
#include "util/hash.h"

/* A stack of one space, by content; the kernel may know it under several tags. */
struct space_stack {
	uint32_t index; /* in the process's stacks */
	UT_hash_handle hh;
	uint32_t depth;
	uint32_t generation; /* the key is from here on */
	uint64_t ips[];
};

struct stack_tag {
	uint64_t tag;
	uint32_t check;
	uint32_t unused;
};

struct space_tag {
	struct stack_tag key;
	struct space_stack *stack;
	uint32_t scope; /* id of wire.h, 0: none */
	UT_hash_handle hh;
};

/* What makes a site: where it stands in the process's, in the collection under way. */
struct space_site_key {
	uint32_t stack; /* index, or SITE_NO_STACK */
	uint32_t scope; /* index, or SITE_NO_SCOPE */
	uint32_t round;
	uint16_t kind;
	uint8_t role;
	uint8_t leak_class;
};

struct space_site {
	struct space_site_key key;
	uint32_t index;
	UT_hash_handle hh;
};

struct space {
	uint32_t number;
	uint32_t pid;
	size_t index; /* in the snapshot's processes */
	bool ended;
	uint32_t generation; /* of its code */
	struct space_stack *stacks;
	struct space_tag *tags;
	struct space_site *sites;
	bool attached;			 /* was running before the trace */
	bool is_late;			 /* has memory from before, of which we know nothing */
	struct space_mappings *mappings; /* NULL: not traced */
	struct ranges *breaks;		 /* the heap segment as it grew; owner: enum role */
	struct space_pages *pages;	 /* NULL: not traced */
	struct proc_map *maps;		 /* as the process had them at `maps_ns`, not yet checked */
	size_t map_count;
	uint64_t maps_ns;
	struct space_files files;
	struct space_tasks tasks;
	struct wire_scope_key *scope_keys; /* of the process's scopes */
	size_t scope_key_count;
	struct graph *graph;   /* what was reachable at `graph_ns`; NULL: not looked at */
	uint64_t graph_ns;     /* CLOCK_MONOTONIC */
	uint32_t *block_sites; /* of the graph's blocks, in the collection under way */
	UT_hash_handle hh;
};

struct processes {
	struct snapshot *snapshot;
	uint64_t start_ns;
	struct space *spaces; /* those not yet collected for good */
	size_t running;
	size_t ended;
	uint64_t max_stacks;
	uint64_t stacks;      /* kept, of all spaces */
	uint64_t lost_stacks; /* not kept, for `max_stacks` */
	uint64_t unseen_unmaps;
	uint64_t lost_events;	       /* out of memory */
	bool keeps_mappings;	       /* their books; the snapshot may want them or not */
	const char *const *call_names; /* of the functions that are scopes, by their number */
	size_t call_count;
};

#define NO_SITE UINT32_MAX

/* What the kernel knows by this tag, NULL when it was lost. */
const struct space_tag *space_tag_of(const struct space *space, uint64_t tag, uint32_t check);
/* The stack that the kernel knows by this tag, NULL when it has none or it was lost. */
struct space_stack *space_stack_of(const struct space *space, uint64_t tag, uint32_t check);
/* The index of a process's scope by the kernel's id, or SITE_NO_SCOPE. */
uint32_t space_scope_index(const struct process *process, uint32_t id);
/* Empties the process's sites, for a new collection. */
void space_clear_sites(struct processes *processes, struct space *space);
/* Frees stacks and tags; the process keeps its own. */
void space_clear_stacks(struct space *space);

/* NULL when unknown. */
struct space *space_find(const struct processes *processes, uint32_t number);
struct process *space_process(const struct processes *processes, const struct space *space);
/* Ends the user side of a space; its process stays in the snapshot. */
void space_drop(struct processes *processes, struct space *space);

#endif
