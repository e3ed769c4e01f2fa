/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a recording with something of everything: a seed. */
#include "fixture.h"

#include "model/recording.h"

static void add_kinds(struct snapshot *snapshot, struct process *process)
{
	const struct kind_info stream = { "stream",   "open stream", "open streams", true,
					  "acquired", "released",    "handle",	     true };
	struct site *site;

	snapshot->kinds[KIND_CUSTOM] = stream;
	for (int kind = 0; kind <= KIND_CUSTOM; kind++) {
		snapshot->traced[kind] = kind != KIND_PAGES;
		site = fixture_site(process, 0, 2, 48, SECOND_NS);
		site->kind = (enum kind)kind;
		site->live[0].name = strings_intern(snapshot->strings, "/etc/passwd");
		process->totals[kind].peak_bytes = 96;
	}
	snapshot->kind_count = KIND_CUSTOM + 1;
}

static void add_classes(struct process *process)
{
	for (int leak_class = 0; leak_class < CLASS_COUNT; leak_class++) {
		struct site *site = fixture_site(process, 1, 3, 24, SECOND_NS);
		struct held *held = site_add_held(site);

		assert_non_null(held);
		held->site = 0;
		held->count = held->bytes = 7;
		site->leak_class = (enum leak_class)leak_class;
	}
	process->scan = (struct memory_scan){ .state = SCAN_DONE, .time_ns = 5, .blocks = 9 };
}

static void add_scopes(struct snapshot *snapshot, struct process *process)
{
	struct scope *scope = process_add_scope(process);

	assert_non_null(scope);
	scope->name = strings_intern(snapshot->strings, "work");
	scope->entries = 170;
	snapshot->rounds = (struct scope_rounds){ 10, 10, 10 };
	for (uint32_t round = 0; round < 5; round++) {
		struct site *site = fixture_site(process, 0, 10 << round, 8, SECOND_NS);

		site->scope = 0;
		site->round = round;
	}
}

int main(int argc, char **argv)
{
	struct snapshot *snapshot = fixture_many();
	struct process *process = &snapshot->processes[2];
	struct mapping *mapping = process_add_mapping(process);
	int error;

	assert_non_null(mapping);
	*mapping = (struct mapping){ .start = 0x400000, .end = 0x401000, .inode = 77 };
	mapping->path = strings_intern(snapshot->strings, "/usr/bin/demo");
	if (argc > 2) {
		add_kinds(snapshot, process);
		add_classes(process);
		add_scopes(snapshot, process);
	}
	process_sum_totals(process, 0);
	error = argc > 1 ? recording_write(snapshot, argv[1]) : -1;
	snapshot_free(snapshot);
	return error != 0;
}
